import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { local } from "@gennaker/provider-local";
import { Ports } from "../src/supervisor/ports.ts";
import { newCluster } from "../src/supervisor/record.ts";
import { readRecords } from "../src/supervisor/record-files.ts";
import { SUPERVISOR_ENTRY } from "../src/supervisor-entry.ts";
import { eventually, marked, openBed, service } from "./fixtures/bed.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gennaker-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("files that are no state of ours are all named with what is wrong, and are left as they are", async () => {
  const folder = temporaryFolder();
  const clusters = join(folder, "clusters");
  mkdirSync(clusters);
  const files: Readonly<Record<string, string>> = {
    "a.json": JSON.stringify(newCluster("a")).slice(0, 20),
    "b.json": "null",
    "c.json": "[]",
    "d.json": '{ "format": 2, "name": "d" }',
    "e.json": JSON.stringify(newCluster("other")),
    "f.json": '{ "format": 1, "name": "f" }',
    "g.json": JSON.stringify({ ...newCluster("g"), groups: [null] }),
    "h.json": JSON.stringify(newCluster("h")),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(clusters, name), text);
  const message = await readRecords(folder).then(
    () => "",
    (error: Error) => error.message,
  );
  const problems = message.split("; ").map((one) => one.replace(`${clusters}/`, ""));
  expect(problems).toEqual([
    expect.stringContaining("a.json cannot be read: "),
    "b.json cannot be read: it is no record of a cluster",
    "c.json cannot be read: its format is undefined, this version reads 1",
    "d.json cannot be read: its format is 2, this version reads 1",
    'e.json cannot be read: it is of the cluster "other"',
    "f.json cannot be read: a part of it is missing",
    expect.stringContaining("g.json cannot be read: a part of it is missing. Move it away"),
    "what it names will be ended",
  ]);
  for (const [name, text] of Object.entries(files))
    expect(readFileSync(join(clusters, name), "utf8")).toBe(text);
});

test("while the disk takes nothing, commands fail and change nothing; who is leaving is forgotten as soon as it does", async () => {
  const bed = await openBed();
  onTestFinished(() => bed.end());
  const group = await bed.healthyGroup(1, service({ env: { STUBBORN: "1" }, drainMs: 200 }));
  const other = await bed.healthyGroup(0);
  const file = join(bed.directory, "clusters", "shop-api.json");
  await bed.provider.destroyGroup(bed.cluster, { group }, bed.token());
  // A folder in the place of the draft is as good as a full disk.
  mkdirSync(`${file}.draft`);
  const before = readFileSync(file, "utf8");
  await expect(
    bed.provider.scaleGroup(bed.cluster, { group: other, size: 1 }, bed.token()),
  ).rejects.toMatchObject({ kind: "unavailable", message: expect.stringContaining("the supervisor failed") });
  expect(await bed.group(other)).toMatchObject({ desired: 0 });
  await eventually(() => bed.log.some((line) => line.startsWith(`${group}-1 could not be ended: `)));
  expect(marked(bed.directory)).toEqual([]);
  expect(readFileSync(file, "utf8")).toBe(before);
  rmdirSync(`${file}.draft`);
  await eventually(() => !readFileSync(file, "utf8").includes(`"id": "${group}-1"`));
});

test("a log that cannot be written does not end the supervisor", async () => {
  const directory = temporaryFolder();
  const full = openSync("/dev/full", "a");
  const flags = ["--conditions=@gennaker/source", fileURLToPath(SUPERVISOR_ENTRY), directory];
  const child = spawn(process.execPath, flags, { stdio: ["ignore", full, full] });
  await eventually(() => existsSync(join(directory, "supervisor.sock")));
  const provider = local({ directory });
  expect(await provider.claim(provider.cluster("shop-api"), { run: "r" })).toBe(1);
  expect(JSON.parse(readFileSync(join(directory, "supervisor.json"), "utf8"))).toMatchObject({
    pid: child.pid,
  });
  await provider.shutdown();
});

test("no two instances are given one port before they have bound it", async () => {
  const ports = new Ports();
  const taken = new Set<number>();
  // One after the other: the system itself gives no port twice at the same time, but soon after.
  for (let n = 0; n < 1500; n += 1) taken.add((await ports.take()).port);
  expect(taken.size).toBe(1500);
});
