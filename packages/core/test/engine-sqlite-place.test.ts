import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ConfigurationError } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { describe, expect, test } from "vitest";
import { type Disk, localDisk } from "../src/engine/sqlite/disk.ts";
import { makeDurable } from "../src/engine/sqlite/log-file.ts";
import { sqliteOn } from "../src/engine/sqlite/sqlite.ts";
import { LogDirectory } from "./fixtures/log-directory.ts";
import { failure, hostFor } from "./fixtures/log-host.ts";

/** The reasons for which a log is not opened; nothing is made or changed then. */
async function refusal(disk: Disk, options: Parameters<typeof sqlite>[0]): Promise<readonly string[]> {
  const error = await failure(sqliteOn(disk, options).open(hostFor()));
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as ConfigurationError).problems;
}

const on = (type: number): Disk => ({ ...localDisk, fileSystem: async () => type });

describe.each([
  ["NFS", 0x6969],
  ["SMB", 0x517b],
  ["CIFS", 0xff534d42],
  ["SMB2", 0xfe534d42],
  ["9p", 0x01021997],
  ["AFS", 0x5346414f],
  ["Ceph", 0x00c36400],
  ["Lustre", 0x0bd00bd0],
  ["GPFS", 0x47504653],
])("a log on %s", (name, type) => {
  test("is refused: locks and writes can be lost there", async () => {
    using directory = new LogDirectory();
    const [problem] = await refusal(on(type), directory.file);
    expect(problem).toContain(`${directory.path} is on a network file system (${name})`);
    expect(problem).toContain("choose a path on a local disk");
    expect(directory.files).toEqual([]);
  });
});

test("a log on FUSE is refused, unless the user knows what lies beneath", async () => {
  using directory = new LogDirectory();
  const [problem] = await refusal(on(0x65735546), directory.file);
  expect(problem).toContain("trustFuse: true");
  const trusting = sqliteOn(on(0x65735546), { file: directory.file, trustFuse: true });
  await trusting.open(hostFor());
  await trusting.close();
});

test("the file system of this machine is recognised by a number without a sign", async () => {
  using directory = new LogDirectory();
  expect(await localDisk.fileSystem(directory.path)).toBeGreaterThan(0);
});

test("a directory that is missing is named", async () => {
  using directory = new LogDirectory();
  const missing = `${directory.path}/data/logs`;
  expect(await refusal(localDisk, `${missing}/deploys.db`)).toEqual([
    `the directory ${missing} does not exist: create it`,
  ]);
});

test("a path through a file, and a path to a directory, are refused", async () => {
  using directory = new LogDirectory();
  writeFileSync(directory.file, "");
  expect(await refusal(localDisk, `${directory.file}/log.db`)).toEqual([
    `${directory.file} is not a directory: choose another path`,
  ]);
  mkdirSync(`${directory.path}/logs`);
  expect(await refusal(localDisk, `${directory.path}/logs`)).toEqual([
    "logs is not a file: choose another path",
  ]);
});

test("all that is wrong with a place is told at once", async () => {
  using directory = new LogDirectory();
  writeFileSync(directory.file, "");
  const disk: Disk = { ...on(0x6969), writable: async () => false };
  const problems = await refusal(disk, directory.file);
  expect(problems).toHaveLength(3);
  expect(problems.join("\n")).toMatch(/may not be written.*\n.*network.*\n.*may not be read and written/);
});

test("a file that may not be written is refused by the real disk", async (context) => {
  const root = process.getuid?.() === 0;
  if (root) process.stderr.write("skipped: a file that may not be written (root may write every file)\n");
  context.skip(root, "root may write every file");
  using directory = new LogDirectory();
  writeFileSync(directory.file, "");
  chmodSync(directory.file, 0o400);
  expect(await refusal(localDisk, directory.file)).toHaveLength(1);
});

test("what is no path is refused before anything is opened", () => {
  expect(() => sqlite("")).toThrow(/file: is missing/);
  expect(() => sqlite(":memory:")).toThrow(/use memory\(\)/);
  expect(() => sqlite({ file: "file:log.db?vfs=unix-none" })).toThrow(/is not a path/);
});

test("a file system without write-ahead logging is refused", () => {
  const database = new DatabaseSync(":memory:");
  expect(() => makeDurable(database, "/data/log.db")).toThrow(
    /write-ahead logging cannot be used there \(SQLite stays with "memory"\)/,
  );
  database.close();
});
