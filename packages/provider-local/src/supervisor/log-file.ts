import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { copyFile, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { LogRules } from "../release.ts";

const COPY_BYTES = 1024 * 1024;
/** Traffic waits meanwhile: a process that writes faster than we copy is not run after for ever. */
const PIECES_MAX = 64;
const TAIL_BYTES = 4096;
const LINE_CHARS = 200;

/**
 * Moves a log aside when it has grown too large: copied and cut off, because the process that writes it may be older
 * than we are and keeps its file open. What is written during the copy is copied too; only what comes between the last
 * look and the cut, two system calls in a row, is lost.
 */
export async function rotate(path: string, rules: LogRules): Promise<void> {
  const size = await sizeOf(path);
  if (size <= rules.maxBytes) return;
  for (let n = rules.keep; n > 1; n -= 1)
    await rename(`${path}.${n - 1}`, `${path}.${n}`).catch(() => undefined);
  if (rules.keep > 0) await copyFile(path, `${path}.1`);
  cutOff(path, rules.keep > 0 ? `${path}.1` : undefined);
}

/** Adds what came since the copy, and empties the file. In one go, for nothing may come between. */
function cutOff(path: string, copy: string | undefined): void {
  const from = openSync(path, "r+");
  const to = copy === undefined ? undefined : openSync(copy, "a", 0o600);
  try {
    const buffer = Buffer.alloc(COPY_BYTES);
    let at = to === undefined ? 0 : fstatSync(to).size;
    for (let pieces = 0; to !== undefined && pieces < PIECES_MAX; pieces += 1) {
      const bytes = readSync(from, buffer, 0, COPY_BYTES, at);
      if (bytes === 0) break;
      writeSync(to, buffer, 0, bytes);
      at += bytes;
    }
    ftruncateSync(from, 0);
  } finally {
    closeSync(from);
    if (to !== undefined) closeSync(to);
  }
}

/** Which instance of a cluster wrote a log: the second of its third group, `{ group: 3, instance: 2 }`. */
export interface LogOwner {
  readonly group: number;
  readonly instance: number;
}

/** Removes logs of a cluster's instances: `shop-api-v003-2.log`, `shop-api-v003-2.log.1` … */
export async function removeLogs(
  folder: string,
  cluster: string,
  isOld: (owner: LogOwner) => boolean,
): Promise<void> {
  for (const name of await readdir(folder)) {
    const rest = name.startsWith(`${cluster}-v`) ? name.slice(cluster.length + 2) : "";
    const [, group, instance] = /^(\d+)-(\d+)\.log/.exec(rest) ?? [];
    if (group !== undefined && isOld({ group: Number(group), instance: Number(instance) }))
      await rm(join(folder, name), { force: true });
  }
}

/** The last line that says something, fit for one line of a message and without the given secrets. */
export async function lastLine(path: string, secrets: readonly string[]): Promise<string | undefined> {
  const clean = withoutSecrets(await tail(path), secrets);
  const lines = clean.split("\n").map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ").trim());
  const said = lines.filter((line) => line !== "");
  // Node prints the error, its stack and its fields, and then its own version.
  const crashed = said.at(-1)?.startsWith("Node.js v") === true;
  const line =
    (crashed ? said.findLast((one) => /^(Uncaught )?\w*(Error|Exception)\b/.test(one)) : undefined) ??
    said.at(-1);
  return line !== undefined && line.length > LINE_CHARS ? `${line.slice(0, LINE_CHARS)}…` : line;
}

// ---

/** A secret of several lines may be printed line by line, and the text may begin in the middle of one. */
function withoutSecrets({ text, cut }: Tail, secrets: readonly string[]): string {
  const lines = secrets.flatMap((secret) => secret.split(/\r?\n/)).filter((line) => line.length >= 4);
  const parts = [...secrets.filter((secret) => secret !== ""), ...lines];
  // The longest first: a short one may be a part of a long one.
  const hidden = parts.toSorted((a, b) => b.length - a.length);
  const clean = hidden.reduce((rest, part) => rest.replaceAll(part, "***"), text);
  return cut ? clean.slice(hidden[0]?.length ?? 0) : clean;
}

interface Tail {
  readonly text: string;
  /** It begins in the middle of the file. */
  readonly cut: boolean;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function tail(path: string): Promise<Tail> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return { text: "", cut: false };
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from);
    return { text: buffer.toString("utf8", 0, bytesRead), cut: from > 0 };
  } finally {
    await file.close();
  }
}
