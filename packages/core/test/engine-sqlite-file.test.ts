import { execFileSync } from "node:child_process";
import { openSync, readFileSync, closeSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ConfigurationError } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { LogDirectory } from "./fixtures/log-directory.ts";
import { failure, hostFor, progress } from "./fixtures/log-host.ts";
import { OwnerProcess } from "./fixtures/owner-process.ts";

const begun = { events: [progress("begun")] };
const run = { run: "r", pipeline: "p", startedAt: 1 };

async function problemsOf(file: string): Promise<readonly string[]> {
  const error = await failure(sqlite(file).open(hostFor()));
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as ConfigurationError).problems;
}

/** A log of a hundred runs, closed in order unless its owner is killed. */
async function writtenLog(file: string, end: "closed" | "killed"): Promise<void> {
  await using owner = new OwnerProcess(file);
  owner.tell("create r");
  owner.tell("crowd 200");
  await owner.says({ crowd: 200 });
  if (end === "killed") return;
  owner.tell("close");
  await owner.says({ done: "close" });
}

test("a log can be read by its user alone", async () => {
  using directory = new LogDirectory();
  const engine = sqlite(directory.file);
  await engine.open(hostFor());
  await engine.create(run, begun);
  for (const name of directory.files)
    expect([name, statSync(`${directory.path}/${name}`).mode & 0o777]).toEqual([name, 0o600]);
  expect(directory.files).toEqual(["", "-owner", "-shm", "-wal"].map((end) => `deploys.db${end}`));
  await engine.close();
});

test("a log that was closed is one file", async () => {
  using directory = new LogDirectory();
  await writtenLog(directory.file, "closed");
  expect(directory.files).toEqual(["deploys.db"]);
});

test("an engine that was closed can be opened again", async () => {
  using directory = new LogDirectory();
  const engine = sqlite(directory.file);
  await engine.open(hostFor());
  await engine.create(run, begun);
  await engine.close();
  await engine.open(hostFor());
  expect(await engine.read("r", 0, 10)).toHaveLength(1);
  await engine.close();
});

test("a file that is no database is left as it is", async () => {
  using directory = new LogDirectory();
  const text = "image: shop/api:1.4.2\n".repeat(100);
  writeFileSync(directory.file, text);
  expect((await problemsOf(directory.file))[0]).toContain("not a database of SQLite: choose another path");
  expect(readFileSync(directory.file, "utf8")).toBe(text);
});

test("another application's database is left as it is", async () => {
  using directory = new LogDirectory();
  const other = new DatabaseSync(directory.file);
  other.exec("CREATE TABLE customers (name TEXT)");
  other.close();
  const before = readFileSync(directory.file);
  expect((await problemsOf(directory.file))[0]).toContain("another application's database");
  expect(readFileSync(directory.file).equals(before)).toBe(true);
  expect(directory.files).toEqual(["deploys.db"]);
});

test("a log of a newer version is left as it is, and the version that wrote it is named", async () => {
  using directory = new LogDirectory();
  await writtenLog(directory.file, "closed");
  const database = new DatabaseSync(directory.file);
  expect(database.prepare("SELECT version FROM owner").get()).toEqual({ version: manifest.version });
  database.exec("PRAGMA user_version = 7; UPDATE owner SET version = '9.1.0'");
  database.close();
  expect(await problemsOf(directory.file)).toEqual([
    "the file was written by a newer Gennaker (version 9.1.0, schema 7; this one reads up to 2): upgrade @gennaker/core",
  ]);
});

test("damaged pages are found at the first opening after a crash", { timeout: 30_000 }, async () => {
  using directory = new LogDirectory();
  await writtenLog(directory.file, "closed");
  const database = new DatabaseSync(directory.file);
  database.exec("UPDATE owner SET closed_at = NULL");
  const { rootpage } =
    database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'events_by_run'").get() ?? {};
  database.close();
  const handle = openSync(directory.file, "r+");
  writeSync(handle, Buffer.alloc(2000, 0xab), 0, 2000, (Number(rootpage) - 1) * 4096 + 8);
  closeSync(handle);
  const problems = await problemsOf(directory.file);
  expect(problems[0]).toMatch(/damaged: restore it from a backup/);
  expect(await problemsOf(directory.file)).toEqual(problems);
});

test("a file that was cut off is refused", { timeout: 30_000 }, async () => {
  using directory = new LogDirectory();
  await writtenLog(directory.file, "closed");
  truncateSync(directory.file, 3 * 4096);
  expect((await problemsOf(directory.file))[0]).toMatch(/damaged/);
});

test("a sound log is opened after a crash", { timeout: 30_000 }, async () => {
  using directory = new LogDirectory();
  await writtenLog(directory.file, "killed");
  const engine = sqlite(directory.file);
  await engine.open(hostFor());
  expect(await engine.read("r", 0, 1000)).toHaveLength(201);
  await engine.close();
});

test("importing the engine loads no SQLite", () => {
  const script = `import("@gennaker/core/sqlite").then(({ sqlite }) => {
    sqlite("deploys.db");
    console.log(process.moduleLoadList.filter((name) => name.endsWith("NativeModule sqlite")).length);
  })`;
  const words = ["--conditions=@gennaker/source", "--input-type=module", "--eval", script];
  expect(execFileSync(process.execPath, words, { encoding: "utf8", cwd: import.meta.dirname }).trim()).toBe(
    "0",
  );
});
