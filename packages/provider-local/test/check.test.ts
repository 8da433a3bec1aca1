import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { local, type LocalRelease } from "@gennaker/provider-local";
import { openBed, service } from "./fixtures/bed.ts";

let root: string;
let taken: Server;
let port: number;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "gennaker-check-"));
  taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  ({ port } = taken.address() as AddressInfo);
});
afterEach(() => {
  taken.close();
  rmSync(root, { recursive: true, force: true });
});

test("a good release has no problems, and checking it changes nothing", async () => {
  const directory = join(root, "state");
  const provider = local({ directory });
  expect(await provider.check(provider.cluster("shop-api"), service())).toEqual([]);
  expect(existsSync(directory)).toBe(false);
});

test("what the machine lacks is named, all at once", async () => {
  const directory = join(root, "file");
  writeFileSync(directory, "");
  const provider = local({ directory, clusters: { "shop-api": { port } } });
  const release: LocalRelease = {
    command: ["no-such-program"],
    cwd: "/no/such/folder",
    passEnv: ["NOT_SET_ANYWHERE"],
  };
  expect(await provider.check(provider.cluster("shop-api"), release)).toEqual([
    "cwd: /no/such/folder is not a directory",
    'command: "no-such-program" is in no folder of PATH',
    "passEnv: NOT_SET_ANYWHERE is not set in the environment of this program",
    `${directory}: is not a directory; choose another, or move it away`,
    `port ${port} of 127.0.0.1: another process has it; choose another for shop-api, or stop it`,
  ]);
});

test("what is wrong with a release by its looks is named, all at once", async () => {
  const provider = local({ directory: root });
  const release = {
    command: "node server.js",
    env: { "NO-NAME": "x", PORT: "80", DEBUG: 1, TOKEN: "t" },
    passEnv: ["1st", "TOKEN"],
    health: { path: "healthz", healthyAfter: 0, grace: 1 },
    log: { keep: -1 },
    drainMs: 1.5,
  } as unknown as LocalRelease;
  expect(await provider.check(provider.cluster("shop-api"), release)).toEqual([
    'command: must be a list of texts, the program first, such as ["node", "server.js"]',
    'env: "NO-NAME" is no name of a variable (letters, digits, _)',
    "env: PORT is set for each instance by the supervisor",
    "env.DEBUG: must be a text",
    'passEnv: "1st" is no name of a variable (letters, digits, _)',
    "passEnv: TOKEN is in env as well; keep one",
    expect.stringMatching(/^health\.grace: there is no such field/),
    "health.healthyAfter: must be a whole number from 1 to 1000",
    'health.path: must begin with "/" and have no spaces',
    "drainMs: must be a whole number from 0 to 86400000",
    "log.keep: must be a whole number from 0 to 100",
  ]);
});

test("options that make no sense are refused at once, all of them", () => {
  const options = {
    directory: "",
    name: "My Machine",
    host: "localhost",
    clusters: { Shop: {}, a: { port: 70_000 }, b: { port: 80 }, c: { port: 80 } },
    colour: "red",
  };
  const problems = [
    "colour: there is no such option",
    "directory: must be a path",
    'name: "My Machine" is no name (lower-case letters, digits and "-")',
    'host: "localhost" is no IP address (write "127.0.0.1" or "0.0.0.0")',
    'clusters: "Shop" is no name of a cluster (lower-case letters, digits and "-", at most 63)',
    "clusters.a.port: 70000 is no port (0 to 65535)",
    "clusters.c.port: 80 is the port of b already",
  ];
  expect(() => local(options)).toThrow(expect.objectContaining({ code: "GENNAKER_CONFIGURATION", problems }));
  expect(() => local().cluster("No Name")).toThrow(/"No Name" is no name of a cluster/);
});

test("a directory that cannot be used is a configuration error of the first call, and nothing is changed", async () => {
  const file = join(root, "file");
  writeFileSync(file, "");
  const shared = join(root, "shared");
  mkdirSync(shared, { mode: 0o755 });
  writeFileSync(join(shared, "notes.txt"), "");
  for (const directory of [file, join(file, "below"), shared]) {
    const provider = local({ directory });
    await expect(provider.observe(provider.cluster("shop-api"))).rejects.toMatchObject({
      code: "GENNAKER_CONFIGURATION",
      message: expect.stringContaining(directory),
    });
    await provider.shutdown();
  }
});

test("a balancer port that another process has refuses the group, and a free one is used", async () => {
  const bed = await openBed({ clusters: { "shop-api": { port } } });
  const spec = { key: "k", release: service(), size: 1 };
  await expect(bed.provider.createGroup(bed.cluster, spec, bed.token())).rejects.toMatchObject({
    kind: "invalid",
    message: expect.stringContaining(
      `the balancer cannot listen on 127.0.0.1:${port}: another process has the port`,
    ),
  });
  expect((await bed.provider.observe(bed.cluster)).groups).toEqual([]);
  taken.close();
  await once(taken, "close");
  await bed.provider.createGroup(bed.cluster, spec, bed.token());
  expect(await bed.provider.address(bed.cluster)).toBe(`http://127.0.0.1:${port}`);
  expect(await bed.provider.check(bed.cluster, service())).toEqual([]);
  await bed.end();
});
