import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lastLine, rotate } from "../src/supervisor/log-file.ts";

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gennaker-log-"));
  log = join(folder, "a.log");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("what is written while a log is being moved aside is in the one file or in the other", async () => {
  const first = "x".repeat(20_000_000);
  writeFileSync(log, first);
  let moved = false;
  const rotated = rotate(log, { maxBytes: 1000, keep: 2 }).then(() => (moved = true));
  let written = 0;
  while (!moved) {
    appendFileSync(log, `line ${(written += 1)}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await rotated;
  const all = readFileSync(`${log}.1`, "utf8").slice(first.length) + readFileSync(log, "utf8");
  expect(all.trimEnd().split("\n")).toEqual(Array.from({ length: written }, (_, n) => `line ${n + 1}`));
});

test("older logs move on by one, and the oldest is dropped", async () => {
  for (const text of ["first", "second", "third"]) {
    writeFileSync(log, text.padEnd(2000));
    await rotate(log, { maxBytes: 1000, keep: 2 });
  }
  expect(readFileSync(`${log}.1`, "utf8").trim()).toBe("third");
  expect(readFileSync(`${log}.2`, "utf8").trim()).toBe("second");
  writeFileSync(log, "gone".padEnd(2000));
  await rotate(log, { maxBytes: 1000, keep: 0 });
  expect(readFileSync(log, "utf8")).toBe("");
});

test("no part of a secret is in the last line: not of a long one, nor of one with lines", async () => {
  const key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----";
  const cases: [text: string, secrets: string[], line: string][] = [
    ["connecting with abcdef", ["abc", "abcdef"], "connecting with ***"],
    ["the key:\nMIIEvQIBADANBg", [key], "***"],
    ["tab\tseparated: a\tb", ["a\tb"], "tab separated: ***"],
  ];
  for (const [text, secrets, line] of cases) {
    writeFileSync(log, `begin\n${text}\n`);
    expect(await lastLine(log, secrets)).toBe(line);
  }
});

test("a secret that is cut in two where reading begins does not show its second half", async () => {
  const secret = "0123456789".repeat(100);
  const rest = " was refused".padEnd(3600, ".");
  writeFileSync(log, `${"x".repeat(2000)}${secret}${rest}`);
  expect(await lastLine(log, [secret])).not.toMatch(/\d/);
});
