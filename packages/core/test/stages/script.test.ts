import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createDelivery, pipeline, type Schema, type StageView } from "../../src/index.ts";
import { script, type ScriptInput, scriptStage } from "../../src/stages.ts";

async function run(input: ScriptInput, stage = script): Promise<StageView> {
  const running = pipeline("running").stage("script", stage, () => input);
  const delivery = createDelivery();
  const handle = await delivery.start(running, null);
  await handle.outcome();
  const [only] = (await handle.state()).stages;
  await delivery.close();
  if (!only) throw new Error("no stage");
  return only;
}

const sh = (text: string): ScriptInput["command"] => ["sh", "-c", text];

it("runs a program and leaves what it printed", async () => {
  const stage = await run({
    command: sh('read line; echo "got $line for $WHO"'),
    stdin: "x\n",
    env: { WHO: "ana" },
  });
  expect(stage.output).toEqual({ output: "got x for ana\n" });
});

it("reads JSON where it is to, and checks it", async () => {
  const applied: Schema<unknown, { applied: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        const { applied: count } = value as { applied?: unknown };
        return typeof count === "number"
          ? { value: { applied: count } }
          : { issues: [{ message: "must be a number", path: ["applied"] }] };
      },
    },
  };
  const typed = scriptStage({ output: applied });
  expect((await run({ command: sh("echo '{\"applied\":3}'"), parse: "json" }, typed)).output).toEqual({
    output: { applied: 3 },
  });
  expect((await run({ command: sh("echo '{}'"), parse: "json" }, typed)).error?.message).toContain(
    "applied: must be a number",
  );
  expect((await run({ command: sh("echo no"), parse: "json" })).error?.message).toContain("is not JSON");
});

it("fails with the exit code and the last that was said", async () => {
  const stage = await run({ command: sh("echo one >&2; echo 'no such table' >&2; exit 3") });
  expect(stage.error).toMatchObject({
    code: "script-failed",
    message: "sh ended with 3: one\nno such table",
  });
});

it("tries again when the program says that it may succeed later", async () => {
  const later = scriptStage({ retry: { attempts: 2 } });
  const command = sh('[ "$GENNAKER_ATTEMPT" = 2 ] && echo done && exit 0; exit 75');
  const stage = await run({ command }, later);
  expect(stage.output).toEqual({ output: "done\n" });
  expect(stage.attempt).toBe(2);
});

it("gives a program nothing of its own environment but what all programs need", async () => {
  process.env["GENNAKER_TEST_TOKEN"] = "very-secret";
  try {
    const stage = await run({ command: ["env"] });
    const { output } = stage.output as { output: string };
    expect(output).not.toContain("very-secret");
    expect(output).toContain("PATH=");
    expect(output).toMatch(/GENNAKER_IDEMPOTENCY_KEY=.+\/script/);
  } finally {
    delete process.env["GENNAKER_TEST_TOKEN"];
  }
});

it("ends a program that takes too long, and everything that it started", async () => {
  const stage = await run({ command: sh("sleep 600 & echo $!; wait"), timeout: "200ms" });
  expect(stage.error?.message).toBe("sh was not done within 200ms");
});

it("fails a program that took too long, although it ends well when it is asked to", async () => {
  const stage = await run({
    command: sh("trap 'echo asked >&2; exit 0' TERM; echo half; sleep 600 & wait"),
    timeout: "3s",
  });
  expect(stage.status).toBe("failed");
  expect(stage.error?.message).toBe("sh was not done within 3s: asked");
});

it("is done when its program is, and ends what that left behind", async () => {
  const stage = await run({ command: sh("sleep 600 & echo $!"), timeout: "30s" });
  expect(stage.status).toBe("succeeded");
  const { output } = stage.output as { output: string };
  await expect.poll(() => isAlive(Number(output))).toBe(false);
});

it("is done when its program is, even if somebody that it cannot end holds its output", async () => {
  const stage = await run({ command: sh("setsid sleep 600 & echo $!; sleep 0.2") });
  try {
    expect(stage.status).toBe("succeeded");
    // Still there: nobody waited for it.
    expect(isAlive(Number((stage.output as { output: string }).output))).toBe(true);
  } finally {
    process.kill(Number((stage.output as { output: string }).output));
  }
});

it("gives a program as long as it may take, when that is longer than a timer can be", async () => {
  const stage = await run({ command: sh("sleep 0.3; echo done"), timeout: "30d" });
  expect(stage.output).toEqual({ output: "done\n" });
});

it("says that a program did not start when it was given too much", async () => {
  const stage = await run({ command: ["echo", "x".repeat(3_000_000)] });
  expect(stage.error).toMatchObject({ code: "script-start", message: "echo did not start: spawn E2BIG" });
});

it("says that there was too much to read it as JSON", async () => {
  const stage = await run({ command: sh("yes 0123456789 | head -n 100000"), parse: "json" });
  expect(stage.error?.message).toBe("sh printed more than 65536 characters, which cannot be read as JSON");
});

it("ends the program when its run is cancelled, with what it started", async () => {
  const running = pipeline("running").stage("script", script, () => ({
    command: sh("sleep 600 & echo pid $!; wait"),
  }));
  const delivery = createDelivery();
  const handle = await delivery.start(running, null);
  let pid = 0;
  for await (const event of handle.events()) {
    if (event.type !== "stage-progressed") continue;
    pid = Number(/pid (\d+)/.exec(event.message)?.[1]);
    break;
  }
  expect(pid).toBeGreaterThan(0);
  await handle.cancel();
  expect(await handle.outcome()).toBe("cancelled");
  await delivery.close();
  // Signals are sent before the outcome, but the kernel may reap a moment later.
  await expect.poll(() => isAlive(pid)).toBe(false);
});

it("holds a program to its memory and CPU time", async () => {
  const hungry = await run({
    command: [process.execPath, "-e", "const a=[];for(;;)a.push(Buffer.alloc(1e7,1))"],
    memoryMb: 300,
  });
  expect(hungry.status).toBe("failed");
  const busy = await run({ command: sh("while :; do :; done"), cpuSeconds: 1 });
  expect(busy.error?.message).toMatch(/was ended by SIG(XCPU|KILL)/);
});

it("says that a program does not exist", async () => {
  expect((await run({ command: ["no-such-program"] })).error?.message).toContain(
    "no-such-program did not start: spawn no-such-program ENOENT",
  );
});

it("keeps the end of what a program prints, however much that is", async () => {
  const stage = await run({ command: sh("yes 0123456789 | head -n 100000; echo last") });
  const { output } = stage.output as { output: string };
  expect(output.length).toBeLessThanOrEqual(65_536);
  expect(output.endsWith("last\n")).toBe(true);
});

it("says everything that is wrong with a script before it is run", async () => {
  const bad = {
    command: [],
    env: { A: 1 },
    timeout: "soon",
    memoryMb: -1,
    cpuSeconds: 0.5,
    parse: "yaml",
    cwd: 1,
    stdin: 2,
  };
  const stage = await run(bad as unknown as ScriptInput);
  for (const field of [
    "command:",
    "env: A",
    "timeout:",
    "memoryMb: -1",
    "cpuSeconds: 0.5",
    'parse: "yaml"',
    "cwd:",
    "stdin:",
  ])
    expect(stage.error?.message).toContain(field);
});

// A process that nobody reaps is there, but does nothing any more.
function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
