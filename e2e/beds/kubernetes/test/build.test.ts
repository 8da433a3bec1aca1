import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fillOnce } from "../build/cache.ts";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "gennaker-cache-"));
  folder = join(parent, "built");
});
afterEach(() => rmSync(parent, { recursive: true }));

const quiet = (): void => {};
const fill = async (draft: string): Promise<void> => writeFileSync(join(draft, "program"), "");

test("two builds at a time are one, and the other waits for it", async () => {
  let builds = 0;
  const going = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<string>();
  const slowly = async (draft: string): Promise<void> => {
    builds += 1;
    await going.promise;
    await fill(draft);
  };
  const both = [fillOnce(folder, slowly, quiet), fillOnce(folder, slowly, heard.resolve)];
  expect(await heard.promise).toContain("another process is building built");
  going.resolve();
  await Promise.all(both);
  expect(builds).toBe(1);
  expect(readdirSync(parent)).toEqual(["built"]);
});

test("a build that fails leaves nothing behind, and the next one builds", async () => {
  const broken = async (draft: string): Promise<void> => {
    await fill(draft);
    throw new Error("no space left");
  };
  await expect(fillOnce(folder, broken, quiet)).rejects.toThrow("no space left");
  expect(readdirSync(parent)).toEqual([]);
  await fillOnce(folder, fill, quiet);
  expect(existsSync(join(folder, "program"))).toBe(true);
});

test("the lock of a build that was killed does not last", async () => {
  // No process has this number: it is above the highest that Linux gives.
  writeFileSync(`${folder}.lock`, "4194305");
  await fillOnce(folder, fill, quiet);
  expect(existsSync(join(folder, "program"))).toBe(true);
});
