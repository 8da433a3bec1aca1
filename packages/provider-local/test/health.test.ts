import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ServerGroup } from "@gennaker/core/ports";
import { type Bed, eventually, marked, openOwnBed, service } from "./fixtures/bed.ts";
import { ask } from "./fixtures/traffic.ts";

async function create(bed: Bed, size: number, release = service()): Promise<string> {
  return (await bed.provider.createGroup(bed.cluster, { key: "k", release, size }, bed.token())).group;
}

async function untilGroup(
  bed: Bed,
  condition: (group: ServerGroup) => boolean,
): Promise<ServerGroup | undefined> {
  return (await bed.until(({ groups }) => groups.some(condition))).groups[0];
}

test.concurrent("a service that answers 500 is unhealthy, says so with numbers, and never gets traffic", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const group = await create(bed, 3, service({ env: { HEALTH: "500" } }));
  const seen = await untilGroup(bed, ({ unhealthy }) => unhealthy === 3);
  expect(seen?.problem).toEqual({ message: "GET /healthz answered 500, 3 of 3 instances", fatal: false });
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  expect((await ask(await bed.provider.address(bed.cluster))).status).toBe(503);
});

test.concurrent("an instance that crashes is out of rotation at once and is started again", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const group = await bed.healthyGroup(2);
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  const url = await bed.provider.address(bed.cluster);
  const before = marked(bed.directory);
  await ask(`${url}/crash`, { method: "POST" });
  const down = await untilGroup(bed, ({ healthy }) => healthy === 1);
  expect(down).toMatchObject({
    unhealthy: 1,
    problem: { message: expect.stringMatching(/^exited with code 3 after \d+\.\d s.*, 1 of 2 instances$/) },
  });
  for (let n = 0; n < 10; n += 1) expect((await ask(url)).status).toBe(200);
  const up = await untilGroup(bed, ({ healthy }) => healthy === 2);
  expect(up).not.toHaveProperty("problem");
  expect(marked(bed.directory)).not.toEqual(before);
});

test.concurrent("a service that ends again and again says how often and what it said last, but no secret", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  process.env["TEST_SECRET"] = "s3cret-value";
  const script = 'throw new Error("no database at " + process.env.TEST_SECRET)';
  await create(bed, 1, service({ command: [process.execPath, "-e", script], passEnv: ["TEST_SECRET"] }));
  delete process.env["TEST_SECRET"];
  const seen = await untilGroup(
    bed,
    ({ problem }) => problem?.message.includes("restarted 2 times") === true,
  );
  expect(seen?.problem?.message).toMatch(
    /^exited with code 1 after \d+\.\d s \(restarted 2 times\): last line of its log "Error: no database at \*\*\*", 1 of 1 instance$/,
  );
});

test.concurrent("what a crashed process left behind, even outside its process group, is gone before the next one starts", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const release = service({
    command: ["sh", "-c", 'setsid sleep 600 & exec "$0" "$@"', ...service().command],
  });
  const group = await bed.healthyGroup(1, release);
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  await eventually(() => marked(bed.directory).length === 2);
  const before = marked(bed.directory);
  await ask(`${await bed.provider.address(bed.cluster)}/crash`, { method: "POST" });
  await untilGroup(bed, ({ healthy }) => healthy === 0);
  await untilGroup(bed, ({ healthy }) => healthy === 1);
  await eventually(() => marked(bed.directory).length === 2);
  expect(marked(bed.directory).filter((pid) => before.includes(pid))).toEqual([]);
});

test.concurrent("an instance whose port somebody else took first says so and gets another", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  // At its first start it finds its port taken, by a process of its own that lives on.
  const marker = join(bed.directory, "was-here");
  const script = `test -e "${marker}" || { touch "${marker}"; "$0" -e 'require("net").createServer().listen(process.env.PORT, "127.0.0.1")' & sleep 0.3; }; exec "$0" "$@"`;
  await create(bed, 1, service({ command: ["sh", "-c", script, ...service().command] }));
  const seen = await untilGroup(bed, ({ problem }) => problem?.message.includes("EADDRINUSE") === true);
  expect(seen?.problem?.message).toMatch(/^exited with code 1 .*EADDRINUSE: address already in use 127/);
  await untilGroup(bed, ({ healthy }) => healthy === 1);
});

test.concurrent("a command that does not exist is fatal", async ({ onTestFinished }) => {
  const bed = await openOwnBed(onTestFinished);
  await create(bed, 2, service({ command: ["no-such-program"] }));
  const seen = await untilGroup(bed, ({ unhealthy }) => unhealthy === 2);
  expect(seen?.problem).toEqual({
    message: 'command "no-such-program" does not exist (ENOENT), 2 of 2 instances',
    fatal: true,
  });
});

test.concurrent("a command that may not be executed, or in a folder that is not there, is fatal", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const program = join(bed.directory, "program");
  writeFileSync(program, "");
  chmodSync(program, 0o600);
  const first = await create(bed, 1, service({ command: [program] }));
  expect((await untilGroup(bed, ({ unhealthy }) => unhealthy === 1))?.problem).toMatchObject({
    message: expect.stringMatching(/EACCES/),
    fatal: true,
  });
  await bed.provider.destroyGroup(bed.cluster, { group: first }, bed.token());
  const spec = { key: "other", release: service({ cwd: "/no/such/folder" }), size: 1 };
  await bed.provider.createGroup(bed.cluster, spec, bed.token());
  expect((await untilGroup(bed, ({ unhealthy }) => unhealthy === 1))?.problem).toMatchObject({
    message: expect.stringMatching(/working directory \/no\/such\/folder does not exist/),
    fatal: true,
  });
});

test.concurrent("a service that listens nowhere is starting for its boot time, then unhealthy", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const command = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
  const health = { intervalMs: 20, unhealthyAfter: 2, bootMs: 300 };
  await create(bed, 1, service({ command, health }));
  expect(await untilGroup(bed, ({ starting }) => starting === 1)).not.toHaveProperty("problem");
  const seen = await untilGroup(bed, ({ unhealthy }) => unhealthy === 1);
  expect(seen?.problem?.message).toBe("nothing listens on its PORT, 1 of 1 instance");
});

test.concurrent("a process that ignores SIGTERM is killed after the drain time, with its children", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const stubborn = service({
    command: ["sh", "-c", `trap '' TERM; sleep 600 & exec "$0" "$@"`, ...service().command],
    env: { STUBBORN: "1" },
    drainMs: 100,
  });
  const group = await bed.healthyGroup(1, stubborn);
  expect(marked(bed.directory)).toHaveLength(2);
  await bed.provider.destroyGroup(bed.cluster, { group }, bed.token());
  await eventually(() => marked(bed.directory).length === 0);
});
