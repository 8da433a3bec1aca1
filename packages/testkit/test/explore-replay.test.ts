// What was found once can be followed again, by a test that was pasted as it is.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Strategy, Want } from "@gennaker/core";
import { RULES } from "@gennaker/core/machine";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { exploreStrategy, replayHistory } from "../src/index.ts";

const run = promisify(execFile);

function launching(after: "back" | "forward"): Strategy {
  const phase = (name: string, want: Want) => ({ name, want, deadlineMs: 600_000, after });
  return {
    ...redBlack(),
    name: "launching",
    rollout: () => ({
      minHealthy: 100,
      onRollback: "destroy",
      phases: [
        phase("launch", { candidate: 100 }),
        phase("shift", { candidate: 100, traffic: { candidate: 100 } }),
      ],
    }),
  };
}

const stubborn = launching("forward");

it("follows a history again to what it breaks, and no further than it can", () => {
  const rules = { ...RULES, isHeld: () => true };
  const soaking = redBlack({ soak: "10s" });
  const [finding] = exploreStrategy(soaking, { faults: 0, rules }).unsafe;
  const history = finding?.trace.history ?? [];
  expect(replayHistory(soaking, { faults: 0, rules }, history)).toEqual({
    broken: ["S9"],
    followed: history.length,
  });
  expect(replayHistory(soaking, { faults: 0 }, history)).toEqual({ broken: [], followed: history.length });
  expect(replayHistory(soaking, { faults: 0 }, ["the driver claims the cluster", "the moon falls"])).toEqual({
    broken: [],
    followed: 1,
  });
});

it("follows every finding to the property that it breaks", () => {
  const options = { faults: 2, size: 1 };
  const { unsafe, stuck } = exploreStrategy(stubborn, options);
  const findings = [...unsafe, ...stuck];
  expect(findings.length).toBeGreaterThan(0);
  for (const { property, trace } of findings)
    expect(replayHistory(stubborn, options, trace.history).broken).toContain(property);
});

it(
  "gives a test that is red when it is pasted, and green once the strategy is mended",
  { timeout: 120_000 },
  async () => {
    const [finding] = exploreStrategy(stubborn, { size: 2, faults: 1 }).stuck;
    const pasted = finding?.trace.test ?? "";
    expect(pasted).toContain(`it("${finding?.property}: ${finding?.says}"`);
    // Inside the project, so that imports are found as a user would have them.
    mkdirSync("dist", { recursive: true });
    const folder = mkdtempSync("dist/pasted-");
    try {
      writeFileSync(
        join(folder, "vitest.config.ts"),
        `export default { resolve: { conditions: ["@gennaker/source", "node"] }, ssr: { resolve: { conditions: ["@gennaker/source", "node", "module"] } }, test: { root: ${JSON.stringify(folder)} } };`,
      );
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({ extends: "../../tsconfig.base.json", include: ["*.test.ts"] }),
      );
      expect(await tried(folder, pasted)).toMatch(/1 failed/);
      expect(await tried(folder, pasted.replaceAll(`"after":"forward"`, `"after":"back"`))).toMatch(
        /1 passed/,
      );
      await run("node_modules/.bin/tsc", ["-p", folder, "--noEmit"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

async function tried(folder: string, test: string): Promise<string> {
  writeFileSync(join(folder, "pasted.test.ts"), test);
  const env = { ...process.env, NO_COLOR: "1", VITEST_JSON: "" };
  return run("node_modules/.bin/vitest", ["run", "--config", join(folder, "vitest.config.ts")], { env }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string; message: string }) => error.stdout ?? error.message,
  );
}
