import { styleText } from "node:util";

/** How a piece of text looks. */
export type Tone = "plain" | "strong" | "faint" | "good" | "busy" | "bad";

/** A piece of text in one tone. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** A line of the screen. */
export type Line = readonly Span[];

const STYLES = {
  plain: [],
  strong: ["bold"],
  faint: ["dim"],
  good: ["green"],
  busy: ["cyan"],
  bad: ["red"],
} as const satisfies Record<Tone, readonly Parameters<typeof styleText>[0][]>;

/** A piece of text, plain if no tone is given. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

/** How many columns a line takes. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** A line with something at its right end; where there is no room, that is left out. */
export function withRight(line: Line, right: Span, width: number): Line {
  const gap = width - widthOf(line) - right.text.length;
  return gap < 1 ? line : [...line, span(" ".repeat(gap)), right];
}

/** At most so many columns of a line. */
export function cut(line: Line, width: number): Line {
  let left = width;
  return line.flatMap(({ text, tone }) => {
    const piece = text.slice(0, Math.max(0, left));
    left -= text.length;
    return piece === "" ? [] : [{ text: piece, tone }];
  });
}

/** A line as text, without tones. */
export function plainText(line: Line): string {
  return line
    .map(({ text }) => text)
    .join("")
    .trimEnd();
}

/** A line as a terminal shows it. */
export function styledText(line: Line): string {
  return line
    .map(({ text, tone }) => {
      const styles = STYLES[tone];
      return styles.length === 0 ? text : styleText([...styles], text, { validateStream: false });
    })
    .join("");
}

/** A text in lines of at most so many columns, broken where `mark` is. */
export function fold(text: string, mark: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const part of text.split(mark)) {
    const last = lines.at(-1);
    const longer = `${last}${mark}${part}`;
    if (last !== undefined && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}
