import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  statSync,
  mkdirSync,
  readdirSync,
} from "node:fs";
import { dirname, join } from "node:path";

const OTHERS = 0o077;

/** Why a directory cannot hold our state; empty when it can, or can be made. Changes nothing. */
export function directoryProblems(path: string): readonly string[] {
  if (!existsSync(path)) return parentProblems(dirname(path), path);
  const stat = statSync(path);
  if (!stat.isDirectory()) return [`${path}: is not a directory; choose another, or move it away`];
  if (stat.uid !== process.getuid?.())
    return [
      `${path}: belongs to user ${stat.uid}, not to ${process.getuid?.()}; choose a directory of your own`,
    ];
  if (!isWritable(path)) return [`${path}: may not be written; run chmod 700 ${path}`];
  if ((stat.mode & OTHERS) !== 0 && !isOurs(path) && readdirSync(path).length > 0)
    return [
      `${path}: others may look into it and it holds other files; choose another, or run chmod 700 ${path}`,
    ];
  return [];
}

/** Makes one in a place where everybody may write, and somebody else may have been quicker, perhaps with a link. */
export function makePrivate(path: string): void {
  if (!existsSync(path)) makeOwned(path);
  const problem = privacyProblem(path);
  if (problem !== undefined) throw new Error(problem);
}

/** Why others may have a hand in what is there; undefined when they cannot. */
export function privacyProblem(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat || (stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & OTHERS) === 0))
    return undefined;
  return `${path}: is not a directory of your own alone (mode 700, no link); remove it, or set TMPDIR`;
}

/** Makes it, for its owner only. Throws what the system throws. */
export function makeOwned(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if ((statSync(path).mode & OTHERS) !== 0) chmodSync(path, 0o700);
}

// ---

function parentProblems(parent: string, path: string): readonly string[] {
  if (!existsSync(parent)) return parent === dirname(parent) ? [] : parentProblems(dirname(parent), path);
  if (!statSync(parent).isDirectory()) return [`${path}: cannot be made, ${parent} is not a directory`];
  return isWritable(parent) ? [] : [`${path}: cannot be made, ${parent} may not be written`];
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isOurs(path: string): boolean {
  return existsSync(join(path, "lock"));
}
