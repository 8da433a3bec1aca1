import { copyFile, open, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { LogRules } from "../release.ts";

const TAIL_BYTES = 4096;
const LINE_CHARS = 200;

/**
 * Moves a log aside when it has grown too large: copied and cut off, because the process that writes it may be older
 * than we are and keeps its file open. What is written between the two steps is lost.
 */
export async function rotate(path: string, rules: LogRules): Promise<void> {
  const size = await sizeOf(path);
  if (size <= rules.maxBytes) return;
  for (let n = rules.keep; n > 1; n -= 1)
    await rename(`${path}.${n - 1}`, `${path}.${n}`).catch(() => undefined);
  if (rules.keep > 0) await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}

/** Removes the logs of a cluster's groups up to a sequence: `shop-api-v003-1.log`, `shop-api-v003-1.log.2` … */
export async function removeLogs(folder: string, cluster: string, upTo: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const rest = name.startsWith(`${cluster}-v`) ? name.slice(cluster.length + 2) : "";
    const sequence = /^(\d+)-\d+\.log/.exec(rest)?.[1];
    if (sequence !== undefined && Number(sequence) <= upTo) await rm(join(folder, name), { force: true });
  }
}

/** The last line that says something, fit for one line of a message and without the given secrets. */
export async function lastLine(path: string, secrets: readonly string[]): Promise<string | undefined> {
  const lines = (await tail(path)).split("\n").map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ").trim());
  const said = lines.filter((line) => line !== "");
  // Node prints the error, its stack and its fields, and then its own version.
  const crashed = said.at(-1)?.startsWith("Node.js v") === true;
  const line =
    (crashed ? said.findLast((one) => /^(Uncaught )?\w*(Error|Exception)\b/.test(one)) : undefined) ??
    said.at(-1);
  if (line === undefined) return undefined;
  const clean = secrets.reduce(
    (text, secret) => (secret === "" ? text : text.replaceAll(secret, "***")),
    line,
  );
  return clean.length > LINE_CHARS ? `${clean.slice(0, LINE_CHARS)}…` : clean;
}

// ---

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function tail(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
