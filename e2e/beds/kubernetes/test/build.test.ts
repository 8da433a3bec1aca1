import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fillOnce } from "../build/cache.ts";
import { startKubernetes, whyNoControl, whyNoKubernetes } from "../index.ts";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "gennaker-cache-"));
  folder = join(parent, "built");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true });
});

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
  // Whichever comes second says that it waits.
  const both = [fillOnce(folder, slowly, heard.resolve), fillOnce(folder, slowly, heard.resolve)];
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

test("what a build that was killed left behind goes with the next one", async () => {
  // No process has this number: it is above the highest that Linux gives.
  writeFileSync(`${folder}.lock`, "4194305");
  mkdirSync(`${folder}.draft-4194305`);
  writeFileSync(join(`${folder}.draft-4194305`, "half"), "");
  await fillOnce(folder, fill, quiet);
  expect(existsSync(join(folder, "program"))).toBe(true);
  expect(readdirSync(parent)).toEqual(["built"]);
});

test("without Go, without binaries and without a cluster of one's own there is a reason to skip", async () => {
  vi.stubEnv("PATH", parent);
  vi.stubEnv("XDG_CACHE_HOME", parent);
  vi.stubEnv("GENNAKER_KUBECONFIG", undefined);
  expect(await whyNoKubernetes()).toContain("there is no `go` in PATH");
  await expect(startKubernetes()).rejects.toThrow("set GENNAKER_KUBECONFIG to use a cluster of yours");
  vi.stubEnv("GENNAKER_KUBECONFIG", "some/file");
  expect(await whyNoKubernetes()).toBeUndefined();
  expect(await whyNoControl()).toContain("GENNAKER_KUBECONFIG");
});
