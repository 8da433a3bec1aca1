import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Calls } from "../src/client/calls.ts";
import { monitored } from "../src/client/monitor.ts";
import { SupervisorLink } from "../src/client/supervisor-link.ts";
import { watchStates } from "../src/client/watch.ts";
import { SUPERVISOR_ENTRY } from "../src/supervisor-entry.ts";
import { type Bed, eventually, marked, openDetachedBed } from "./fixtures/bed.ts";
import { isAlive, supervisorPid } from "./fixtures/supervisor-process.ts";
import { ask } from "./fixtures/traffic.ts";

/** A group with all the traffic, whose processes must stay the same. */
async function serve(bed: Bed): Promise<{ url: string; processes: readonly number[] }> {
  const group = await bed.healthyGroup(2);
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  return { url: await bed.provider.address(bed.cluster), processes: marked(bed.directory) };
}

const serves = async (url: string): Promise<boolean> =>
  (await ask(url).catch(() => ({ status: 0 }))).status === 200;

const AGAIN_MS = 5000;

test.concurrent("a supervisor that is killed while nobody calls is back by itself, and so is the traffic", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const { url, processes } = await serve(bed);
  const old = supervisorPid(bed.directory);
  process.kill(old, "SIGKILL");
  await eventually(() => !isAlive(old));
  await eventually(() => serves(url));
  await eventually(() => supervisorPid(bed.directory) !== old);
  expect(marked(bed.directory)).toEqual(processes);
});

test.concurrent("a supervisor that breaks by a bug is followed by another, which says why in the log", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const first = supervisorPid(bed.directory);
  await bed.provider.shutdown();
  // Its lock is free when it is gone, not a moment earlier.
  await eventually(() => !isAlive(first));
  const directory = realpathSync(bed.directory);
  const log = openSync(join(directory, "supervisor.log"), "a");
  const bug = 'data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("a bug")})';
  const [program, ...args] = monitored([
    process.execPath,
    "--conditions=@gennaker/source",
    `--import=${bug}`,
    fileURLToPath(SUPERVISOR_ENTRY),
    directory,
  ]);
  // Whoever calls before it listens starts another one; and without callers it ends by itself.
  let begun = -Infinity;
  await eventually(() => {
    if (isReady(directory, "a bug")) return true;
    if (performance.now() - begun < AGAIN_MS) return false;
    begun = performance.now();
    spawn(program, args, { detached: true, stdio: ["ignore", log, log] }).unref();
    return false;
  });
  const { url, processes } = await serve(bed);
  const old = supervisorPid(directory);
  process.kill(old, "SIGUSR2");
  await eventually(() => !isAlive(old));
  await eventually(() => serves(url));
  expect(marked(directory)).toEqual(processes);
  expect(readFileSync(join(directory, "supervisor.log"), "utf8")).toContain(
    `supervisor ${old} broke: Error: a bug`,
  );
});

test.concurrent("one that is told to end stays away until somebody calls, and leaves the instances", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const { url, processes } = await serve(bed);
  const old = supervisorPid(bed.directory);
  const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${old}/status`, "utf8"))?.[1]);
  process.kill(old, "SIGTERM");
  await eventually(() => !isAlive(old) && !isAlive(parent));
  expect(existsSync(join(bed.directory, "supervisor.json"))).toBe(false);
  expect(await serves(url)).toBe(false);
  await bed.provider.observe(bed.cluster);
  expect(await serves(url)).toBe(true);
  expect(marked(bed.directory)).toEqual(processes);
});

test.concurrent("a supervisor that hangs fails calls and watches, and says so", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const pid = supervisorPid(bed.directory);
  process.kill(pid, "SIGSTOP");
  const link = new SupervisorLink(bed.directory);
  await expect(new Calls("local", link, 100).ask(bed.cluster, "observe", {})).rejects.toMatchObject({
    kind: "unavailable",
    ambiguous: true,
    message: expect.stringMatching(
      /the supervisor does not answer at .*sock: no answer within 100 ms\. See /,
    ),
  });
  const never = new AbortController().signal;
  const watch = watchStates(link, "shop-api", never, (text) => new Error(text), 100);
  await expect(watch.next()).rejects.toThrow("no answer within 100 ms");
  process.kill(pid, "SIGCONT");
  await bed.provider.observe(bed.cluster);
});

test.concurrent("when its directory is removed, everything that ran in it ends, and a new one can begin", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const { url } = await serve(bed);
  const old = supervisorPid(bed.directory);
  rmSync(bed.directory, { recursive: true });
  await eventually(() => !isAlive(old));
  expect(marked(bed.directory)).toEqual([]);
  expect(await serves(url)).toBe(false);
  expect(existsSync(bed.directory)).toBe(false);
  expect(await bed.provider.claim(bed.cluster, { run: "run-2" })).toBe(1);
});

/** Whether a supervisor listens that was started by a command with this text in it. */
function isReady(directory: string, text: string): boolean {
  const log = readFileSync(join(directory, "supervisor.log"), "utf8");
  return [...log.matchAll(/supervisor (\d+) is ready/g)].some(([, pid]) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });
}
