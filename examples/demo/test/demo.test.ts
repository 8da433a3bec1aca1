// The demo as it is run, as processes. What it says of itself is checked, and that nothing of it is left.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Report } from "../screen/report.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const WITHIN_MS = 90_000;

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "demo-test-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Performance {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the demo in the folder of this test, so that its processes can be told from others. */
async function demo(flags: readonly string[], interrupt?: RegExp): Promise<Performance> {
  const child = spawn(process.execPath, ["--conditions=@gennaker/source", MAIN, ...flags], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (interrupt?.test(text)) child.kill("SIGINT");
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

function reported({ out }: Performance): Report {
  return JSON.parse(out.trimEnd().split("\n").at(-1) ?? "") as Report;
}

/** Command lines of all living processes that know the folder, by their arguments or their environment. */
function left(): readonly string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const knows = line + readFileSync(`/proc/${pid}/environ`, "utf8");
        return knows.includes(folder) ? [line] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

async function expectNothingLeft(): Promise<void> {
  // The last process may need a moment to be gone after it has said goodbye.
  await expect.poll(left, { timeout: 10_000 }).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
}

it(
  "replaces version 1 by version 2 under load without losing a request",
  async () => {
    const performance = await demo(["--json"]);
    expect(performance).toMatchObject({ code: 0, err: "" });
    const { outcome, strategy, requests, crashes, planned, phases, traffic } = reported(performance);
    expect({ outcome, strategy, crashes }).toEqual({
      outcome: "succeeded",
      strategy: "red-black",
      crashes: 0,
    });
    expect(requests).toMatchObject({ failed: 0, sickAnswers: 0 });
    expect(requests.sent).toBeGreaterThan(5000);
    expect(phases.map(({ name }) => name)).toEqual(["launch", "shift", "soak", "retire"]);
    expect(planned).toEqual(["launch", "shift", "soak", "retire"]);
    expect(traffic.v1 + traffic.v2).toBe(requests.sent);
    expect(traffic.v2).toBeGreaterThan(0);
    await expectNothingLeft();
  },
  WITHIN_MS,
);

it(
  "takes a version back that never becomes healthy, and never sends it a request",
  async () => {
    const performance = await demo(["--json", "--bad"]);
    expect(performance).toMatchObject({ code: 0, err: "" });
    const { outcome, requests, traffic } = reported(performance);
    expect(outcome).toBe("rolled-back");
    expect(requests).toMatchObject({ failed: 0, sickAnswers: 0 });
    expect(requests.sent).toBeGreaterThan(5000);
    expect(traffic).toEqual({ v1: requests.sent, v2: 0 });
    expect(performance.out).toContain(
      "v002 never became healthy (GET /healthz answered 500, 3 of 3 instances) · traffic never left v001",
    );
    await expectNothingLeft();
  },
  WITHIN_MS,
);

it(
  "takes a version back that falls ill under traffic, and loses nothing but its own answers",
  async () => {
    const performance = await demo(["--json", "--sick"]);
    expect(performance).toMatchObject({ code: 0, err: "" });
    const { outcome, requests, phases, traffic } = reported(performance);
    expect(outcome).toBe("rolled-back");
    expect(requests.failed).toBe(0);
    expect(requests.sent).toBeGreaterThan(5000);
    expect(traffic.v2).toBeGreaterThan(0);
    expect(phases.map(({ name }) => name)).toEqual(["launch", "shift", "soak", "restore", "remove"]);
    await expectNothingLeft();
  },
  WITHIN_MS,
);

it(
  "goes on from the log when the orchestrator is killed in the middle of the shift",
  async () => {
    const performance = await demo(["--json", "--kill"]);
    expect(performance).toMatchObject({ code: 0, err: "" });
    const { outcome, requests, crashes, phases } = reported(performance);
    expect({ outcome, crashes, failed: requests.failed }).toEqual({
      outcome: "succeeded",
      crashes: 1,
      failed: 0,
    });
    expect(phases.map(({ name }) => name)).toEqual(["launch", "shift", "soak", "retire"]);
    expect(requests.sent).toBeGreaterThan(5000);
    expect(performance.out).toMatch(/resumed by pid \d+ from event \d+ of the log/);
    await expectNothingLeft();
  },
  WITHIN_MS,
);

const OTHERS = ["highlander", "rolling-red-black", "rolling", "canary"] as const;

it.for(OTHERS)(
  "goes through the phases that were planned, without losing a request, though its orchestrator is killed: %s",
  { timeout: WITHIN_MS },
  async (strategy) => {
    const performance = await demo(["--json", "--kill", "--strategy", strategy]);
    expect(performance).toMatchObject({ code: 0, err: "" });
    const { outcome, requests, crashes, planned, phases, ...report } = reported(performance);
    expect({ outcome, strategy: report.strategy, crashes, failed: requests.failed }).toEqual({
      outcome: "succeeded",
      strategy,
      crashes: 1,
      failed: 0,
    });
    expect(planned.length).toBeGreaterThan(3);
    expect(phases.map(({ name }) => name)).toEqual(planned);
    await expectNothingLeft();
  },
);

it.for(OTHERS)(
  "takes a bad version back, and loses no request: %s",
  { timeout: WITHIN_MS },
  async (strategy) => {
    const performance = await demo(["--json", "--bad", "--strategy", strategy]);
    expect(performance).toMatchObject({ code: 0, err: "" });
    const { outcome, requests, planned, phases } = reported(performance);
    expect({ outcome, failed: requests.failed }).toEqual({ outcome: "rolled-back", failed: 0 });
    expect(phases.map(({ name }) => name)).toEqual([planned[0], "restore", "remove"]);
    await expectNothingLeft();
  },
);

it("only plans when only a plan is asked for", { timeout: WITHIN_MS }, async () => {
  const performance = await demo(["--json", "--plan", "--strategy", "canary"]);
  expect(performance).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(performance.out.trimEnd().split("\n").at(-1) ?? "")).toEqual({
    strategy: "canary",
    planned: ["canary 10 %", "canary 50 %", "full", "soak", "retire"],
    problems: [],
  });
  expect(performance.out).toContain("nothing was changed");
  expect(performance.out).not.toContain("begins");
  await expectNothingLeft();
});

it(
  "leaves nothing behind when it is interrupted in mid-rollout",
  async () => {
    const performance = await demo([], /● soak/);
    expect(performance.code).toBe(130);
    expect(performance.err).toContain("cleaning up");
    await expectNothingLeft();
  },
  WITHIN_MS,
);

it("refuses a wrong flag with all that is wrong and what was meant", async () => {
  const { code, err } = await demo(["--kil", "--strategy", "blue-green"]);
  expect(code).toBe(2);
  expect(err).toContain("--kil: there is no such flag (did you mean --kill?)");
  expect(err).toContain('--strategy: there is none called "blue-green"');
});
