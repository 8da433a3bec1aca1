import { existsSync } from "node:fs";
import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fingerprint, kubernetesVersion } from "./recipe.ts";

const LOOK_AGAIN_MS = 500;
const DRAFT = ".draft-";

/** Where what was built stands: outside the repository, in a folder that changes with the recipe. */
export function cacheFolder(): string {
  const caches = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(caches, "gennaker", `kubernetes-${kubernetesVersion()}-${fingerprint()}`);
}

/**
 * Fills the folder, once. It appears whole, by a rename, or not at all: an interrupted fill leaves nothing that could be
 * taken for finished. Of several processes one fills, and the others wait for it.
 */
export async function fillOnce(
  folder: string,
  fill: (draft: string) => Promise<void>,
  say: (line: string) => void,
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const lock = `${folder}.lock`;
  while (!existsSync(folder)) {
    if (await take(lock)) {
      try {
        return await fillLocked(folder, fill);
      } finally {
        await rm(lock, { force: true });
      }
    }
    say(`another process is building ${basename(folder)}: waiting for it`);
    while (await heldByTheLiving(lock)) await sleep(LOOK_AGAIN_MS);
  }
}

async function fillLocked(folder: string, fill: (draft: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  await sweep(folder);
  const draft = `${folder}${DRAFT}${process.pid}`;
  await mkdir(draft);
  try {
    await fill(draft);
    await rename(draft, folder).catch((error: unknown) => {
      // Somebody else was first; the folder is as good.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

// What builds that were killed left.
async function sweep(folder: string): Promise<void> {
  const parent = dirname(folder);
  const drafts = (await readdir(parent)).filter((name) => name.startsWith(`${basename(folder)}${DRAFT}`));
  const dead = drafts.filter((name) => !alive(Number(name.split(DRAFT)[1])));
  await Promise.all(dead.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

async function take(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, "wx");
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

// Two that find the same dead holder may both go on to build. That costs time and no more: the rename decides.
async function heldByTheLiving(lock: string): Promise<boolean> {
  const pid = Number(await readFile(lock, "utf8").catch(() => ""));
  if (pid > 0 && alive(pid)) return true;
  // Empty: taken a moment ago, or its holder died before it wrote. The next look tells.
  if (existsSync(lock) && pid === 0) await sleep(LOOK_AGAIN_MS);
  const again = Number(await readFile(lock, "utf8").catch(() => ""));
  if (again > 0 && alive(again)) return true;
  await rm(lock, { force: true });
  return false;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
