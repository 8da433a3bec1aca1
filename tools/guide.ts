// Turns the code of a guide page into a program, so that what the docs say is what CI runs: all ```ts blocks of a page,
// in order, are one module. A ```text block right after one shows what it prints, with `…` for what differs each time.
import { readFileSync } from "node:fs";

/** A page's code, and what it promises to print. */
export interface GuideProgram {
  readonly code: string;
  /** Lines, in order; `…` stands for anything. */
  readonly prints: readonly string[];
}

const BLOCK = /^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm;

/** The program of a page; undefined when it has no code. */
export function guideProgram(file: string): GuideProgram | undefined {
  const code: string[] = [];
  const prints: string[] = [];
  let afterCode = false;
  for (const [, language, info, text = ""] of readFileSync(file, "utf8").matchAll(BLOCK)) {
    if (language === "ts" && !info?.includes("sketch")) code.push(text);
    if (language === "text" && afterCode)
      prints.push(...text.split("\n").filter((line) => line.trim() !== ""));
    afterCode = language === "ts";
  }
  return code.length > 0 ? { code: code.join("\n"), prints } : undefined;
}

/** Lines that were promised and not printed in this order. */
export function missingLines(prints: readonly string[], output: string): readonly string[] {
  const lines = output.split("\n").map((line) => line.trim());
  let from = 0;
  return prints.filter((wanted) => {
    const found = lines.findIndex((line, index) => index >= from && fits(line, wanted.trim().split("…")));
    if (found >= 0) from = found + 1;
    return found < 0;
  });
}

// Part after part, each as early as it can be: a regular expression of so many `.*` would take for ever.
function fits(line: string, [first = "", ...rest]: readonly string[]): boolean {
  if (!line.startsWith(first)) return false;
  const last = rest.pop();
  if (last === undefined) return line === first;
  let from = first.length;
  for (const part of rest) {
    const at = line.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return line.length - last.length >= from && line.endsWith(last);
}
