import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { local } from "@gennaker/provider-local";
import { openSupervisor } from "../src/supervisor/run.ts";
import { type Bed, openBed, service } from "./fixtures/bed.ts";

let bed: Bed;
let socket: string;
beforeEach(async () => {
  bed = await openBed();
  ({ socket } = JSON.parse(readFileSync(join(bed.directory, "supervisor.json"), "utf8")) as {
    socket: string;
  });
});
afterEach(() => bed.end());

function post(path: string, body: string, method = "POST"): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const sent = request({ socketPath: socket, path, method, agent: false }, (response) => {
    let text = "";
    response.on("data", (chunk) => (text += chunk));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

test("only the owner may look at state, logs and socket", async () => {
  await bed.healthyGroup(1);
  const files = readdirSync(bed.directory, { recursive: true, encoding: "utf8" });
  expect(files).toEqual(
    expect.arrayContaining([
      "lock",
      "supervisor.json",
      "supervisor.sock",
      "clusters/shop-api.json",
      "logs/shop-api-v001-1.log",
    ]),
  );
  for (const file of ["", ...files])
    expect([file, statSync(join(bed.directory, file)).mode & 0o077]).toEqual([file, 0]);
});

test("a directory that others could look into is closed to them before anything is put there", async () => {
  const directory = mkdtempSync(join(tmpdir(), "gennaker-open-"));
  chmodSync(directory, 0o755);
  const other = await openBed({ directory, inside: false });
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  await other.end();
});

test("a directory that somebody else laid out for the socket is not used, and not changed", async () => {
  const shared = mkdtempSync(join(tmpdir(), "gennaker-shared-"));
  const victim = mkdtempSync(join(tmpdir(), "gennaker-victim-"));
  chmodSync(victim, 0o755);
  symlinkSync(victim, join(shared, `gennaker-${process.getuid?.()}`));
  const directory = join(shared, "x".repeat(100));
  mkdirSync(directory);
  vi.stubEnv("TMPDIR", shared);
  await expect(openSupervisor({ directory, log: () => undefined })).rejects.toThrow(
    /gennaker-\d+: is not a directory of your own alone/,
  );
  vi.unstubAllEnvs();
  expect(statSync(victim).mode & 0o777).toBe(0o755);
  expect(readdirSync(victim)).toEqual([]);
  for (const folder of [shared, victim]) rmSync(folder, { recursive: true });
});

test("a socket where others may write is not spoken to", async () => {
  const shared = mkdtempSync(join(tmpdir(), "gennaker-shared-"));
  chmodSync(shared, 0o777);
  let heard = 0;
  const trap = createServer(() => (heard += 1)).listen(join(shared, "trap.sock"));
  const directory = join(shared, "state");
  mkdirSync(directory, { mode: 0o700 });
  const address = { pid: 1, protocol: "1", socket: join(shared, "trap.sock") };
  writeFileSync(join(directory, "supervisor.json"), JSON.stringify(address));
  const provider = local({ directory });
  await expect(provider.observe(provider.cluster("shop-api"))).rejects.toMatchObject({
    code: "GENNAKER_CONFIGURATION",
    message: expect.stringContaining(`${shared}: is not a directory of your own alone`),
  });
  trap.close();
  expect(heard).toBe(0);
  rmSync(shared, { recursive: true });
});

test("rubbish on the socket is refused and harms nobody", async () => {
  const cluster = "/1/clusters/shop-api";
  const cases: [string, string, number, string?][] = [
    [`${cluster}/claim`, "{ not json", 400],
    [`${cluster}/claim`, "[]", 400],
    [`${cluster}/traffic`, "{}", 400],
    [`${cluster}/scale`, JSON.stringify({ change: { group: 1, size: "x" }, token: {} }), 400],
    [
      `${cluster}/create`,
      JSON.stringify({ key: "k", size: -1, release: service(), cwd: "/", env: {}, secret: [] }),
      400,
    ],
    [`${cluster}/create`, "x".repeat(5_000_000), 400],
    [`${cluster}/constructor`, "{}", 404],
    [`${cluster}/explode`, "{}", 404],
    ["/1/clusters/..%2F..%2Fetc/observe", "{}", 400],
    ["/2/clusters/shop-api/observe", "{}", 500],
    ["/", "", 404, "GET"],
    ["/1/elsewhere", "{}", 404],
  ];
  for (const [path, body, status, method] of cases)
    expect([path, (await post(path, body, method).catch(() => ({ status: 400 }))).status]).toEqual([
      path,
      status,
    ]);
  await new Promise<void>((resolve) => {
    const raw = connect(socket, () => raw.end("\0\0 rubbish \r\n\r\n"));
    raw.on("close", () => resolve());
    raw.resume();
  });
  expect(await bed.provider.observe(bed.cluster)).toEqual({ groups: [], revision: 0 });
});

test("state and messages of another version are named, not misread", async () => {
  const { status, text } = await post("/2/clusters/shop-api/observe", "{}");
  expect(status).toBe(500);
  expect(JSON.parse(text)).toEqual({
    kind: "unavailable",
    message: `the supervisor that runs here speaks protocol 1 and was asked in protocol "2", by another version of this package: end it with "kill ${process.pid}" (its instances go on) and call again`,
  });
});

test("a link to the directory leads to the same supervisor", async () => {
  await bed.healthyGroup(0);
  const link = `${bed.directory}-link`;
  symlinkSync(bed.directory, link);
  const provider = local({ directory: link });
  expect((await provider.observe(provider.cluster("shop-api"))).groups).toHaveLength(1);
  rmSync(link);
});
