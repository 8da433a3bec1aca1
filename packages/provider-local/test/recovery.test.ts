import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { local } from "@gennaker/provider-local";
import { eventually, marked, openDetachedBed } from "./fixtures/bed.ts";
import { isAlive, killSupervisor, supervisorPid } from "./fixtures/supervisor-process.ts";
import { ask } from "./fixtures/traffic.ts";

test.concurrent("traffic goes on when the embedding program is killed", async ({ onTestFinished }) => {
  const bed = await openDetachedBed(onTestFinished);
  const program = fileURLToPath(new URL("./fixtures/embedding-program.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@gennaker/source", program, bed.directory]);
  const [url] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGKILL");
  await once(child, "exit");
  for (let n = 0; n < 10; n += 1) expect((await ask(String(url))).status).toBe(200);
  const { groups } = await bed.provider.observe(bed.cluster);
  expect(groups).toMatchObject([{ name: "shop-api-v001", healthy: 2, share: 100 }]);
});

test.concurrent("after a kill -9 of the supervisor the next call finds everything as it was, with the same processes", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const group = await bed.healthyGroup(2);
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  const url = await bed.provider.address(bed.cluster);
  const before = await bed.provider.observe(bed.cluster);
  const processes = marked(bed.directory);
  const old = await killSupervisor(bed.directory);

  const after = await bed.provider.observe(bed.cluster);
  expect(after.groups).toEqual(before.groups);
  expect(after.revision).toBeGreaterThan(before.revision);
  expect(supervisorPid(bed.directory)).not.toBe(old);
  expect(marked(bed.directory)).toEqual(processes);
  expect(await bed.provider.address(bed.cluster)).toBe(url);
  expect((await ask(url)).status).toBe(200);
  expect(await bed.provider.claim(bed.cluster, { run: "run-2" })).toBe(bed.token().epoch + 1);
});

test.concurrent("an instance that died with its supervisor is started again, and one that was taken over can be ended", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const group = await bed.healthyGroup(2);
  const [victim = 0, survivor = 0] = marked(bed.directory);
  await killSupervisor(bed.directory);
  process.kill(victim, "SIGKILL");
  await bed.until(({ groups }) => groups[0]?.healthy === 2);
  expect(marked(bed.directory)).toContain(survivor);
  expect(marked(bed.directory)).not.toContain(victim);
  process.kill(survivor, "SIGKILL");
  await bed.until(({ groups }) => groups[0]?.healthy === 1);
  await bed.until(({ groups }) => groups[0]?.healthy === 2);
  await bed.provider.destroyGroup(bed.cluster, { group }, bed.token());
  await eventually(() => marked(bed.directory).length === 0);
});

test.concurrent("a process that the state does not name is killed, and a stranger who has a recorded pid is not", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const group = await bed.healthyGroup(1);
  const [recorded = 0] = marked(bed.directory);
  await killSupervisor(bed.directory);
  process.kill(recorded, "SIGKILL");
  await eventually(() => !isAlive(recorded));
  const orphan = spawn("sleep", ["600"], {
    env: { ...process.env, GENNAKER_DIRECTORY: bed.directory, GENNAKER_INSTANCE: `${group}-77` },
  });
  const stranger = spawn("sleep", ["600"]);
  const file = join(bed.directory, "clusters", "shop-api.json");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll(`"pid": ${recorded}`, `"pid": ${stranger.pid}`));
  await bed.until(({ groups }) => groups[0]?.healthy === 1);
  await eventually(() => orphan.signalCode === "SIGKILL");
  await bed.provider.destroyGroup(bed.cluster, { group }, bed.token());
  await eventually(() => marked(bed.directory).length === 0);
  expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
  stranger.kill();
});

test.concurrent("a watch goes on over the death of the supervisor, with larger revisions", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  await bed.healthyGroup(1);
  const revisions: number[] = [];
  for await (const { revision, groups } of bed.provider.watch(bed.cluster)) {
    revisions.push(revision);
    if (revisions.length === 1) await killSupervisor(bed.directory);
    else if (groups[0]?.healthy === 1) break;
  }
  expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
  expect(revisions.length).toBeGreaterThan(1);
});

test.concurrent("of many programs that start at once, one starts the supervisor and all reach it", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  await bed.provider.shutdown();
  const { directory } = bed;
  const providers = Array.from({ length: 4 }, () => local({ directory }));
  const epochs = await Promise.all(providers.map((one) => one.claim(one.cluster("shop-api"), { run: "r" })));
  expect(new Set(epochs).size).toBe(4);
  const log = readFileSync(join(directory, "supervisor.log"), "utf8");
  expect(log.match(/is ready/g)).toHaveLength(2);
});

test.concurrent("what a dead supervisor left behind, even rubbish, does not keep a new one from starting", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  await bed.provider.shutdown();
  writeFileSync(join(bed.directory, "supervisor.sock"), "");
  for (const left of [`{"pid":1,"protocol":"1","socket":"${bed.directory}/supervisor.sock"}`, "rubbish"]) {
    writeFileSync(join(bed.directory, "supervisor.json"), left);
    expect(await bed.provider.claim(bed.cluster, { run: "r" })).toBeGreaterThan(1);
    await bed.provider.shutdown();
  }
});

test.concurrent("a supervisor without groups and callers ends by itself, and epochs and names go on after it", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const group = await bed.healthyGroup(0);
  await bed.provider.destroyGroup(bed.cluster, { group }, bed.token());
  const pid = supervisorPid(bed.directory);
  await eventually(() => !isAlive(pid));
  expect(existsSync(join(bed.directory, "supervisor.json"))).toBe(false);
  expect(await bed.healthyGroup(0)).toBe("shop-api-v002");
});

test.concurrent("a balancer whose port was taken meanwhile is a fatal problem, and opens when it is free again", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  await bed.healthyGroup(1);
  const url = await bed.provider.address(bed.cluster);
  await killSupervisor(bed.directory);
  const thief = createServer();
  // The threads of a process may hold its sockets for a moment longer than it is seen alive.
  await eventually(async () => {
    thief.listen(Number(new URL(url).port), "127.0.0.1");
    return once(thief, "listening").then(
      () => true,
      () => false,
    );
  });
  expect((await bed.provider.observe(bed.cluster)).groups[0]?.problem).toMatchObject({
    message: expect.stringMatching(
      /the balancer cannot listen on 127\.0\.0\.1:\d+: another process has the port/,
    ),
    fatal: true,
  });
  thief.close();
  await bed.until(({ groups }) => groups[0] !== undefined && groups[0].problem === undefined);
  expect((await ask(url)).status).toBe(503);
});

test.concurrent("a directory whose path is too long for a socket works all the same", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  const directory = join(bed.directory, "x".repeat(100));
  const provider = local({ directory });
  expect(await provider.claim(provider.cluster("shop-api"), { run: "r" })).toBe(1);
  const { socket } = JSON.parse(readFileSync(join(directory, "supervisor.json"), "utf8")) as {
    socket: string;
  };
  expect(socket.startsWith(directory)).toBe(false);
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  await provider.shutdown();
});

test.concurrent("a state file that cannot be read is named, and nothing is changed", async ({
  onTestFinished,
}) => {
  const bed = await openDetachedBed(onTestFinished);
  await bed.provider.shutdown();
  const file = join(bed.directory, "clusters", "shop-api.json");
  const good = readFileSync(file);
  writeFileSync(file, "{ damaged");
  await expect(bed.provider.observe(bed.cluster)).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/clusters\/shop-api\.json cannot be read: .*supervisor\.log/s),
  });
  expect(readFileSync(file, "utf8")).toBe("{ damaged");
  writeFileSync(file, good);
  expect(await bed.provider.claim(bed.cluster, { run: "r" })).toBe(bed.token().epoch + 1);
});
