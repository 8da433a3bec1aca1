import { cut, type Line, styledText } from "./line.ts";

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_LINE = "\u001b[2K";
const TO_END_OF_SCREEN = "\u001b[J";

/** Draws lines over the lines that it drew before. */
export class Terminal {
  readonly #out: NodeJS.WriteStream;
  #drawn = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    out.write(HIDE_CURSOR);
  }

  draw(lines: readonly Line[]): void {
    const { columns, rows } = sizeOf(this.#out);
    // Of lines that scrolled out of sight none can be drawn over.
    const visible = lines.slice(0, Math.max(1, rows - 1));
    const text = visible.map((line) => `${CLEAR_LINE}${styledText(cut(line, columns))}\n`).join("");
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\r` : "";
    this.#out.write(`${up}${text}${TO_END_OF_SCREEN}`);
    this.#drawn = visible.length;
  }

  /** Writes lines that stay, in the place of what is drawn. */
  writeAbove(lines: readonly string[]): void {
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\r` : "";
    this.#out.write(`${up}${TO_END_OF_SCREEN}${lines.join("\n")}\n`);
    this.#drawn = 0;
  }

  /** Leaves what is drawn, and goes on below it. */
  release(): void {
    this.#out.write(SHOW_CURSOR);
    this.#drawn = 0;
  }
}

/** Columns and rows; a terminal that does not know its size says 0. */
export function sizeOf(out: NodeJS.WriteStream): { readonly columns: number; readonly rows: number } {
  return { columns: out.columns || 80, rows: out.rows || 24 };
}
