const CLEAR_LINE = "\r\u001b[2K";
const EVERY_MS = 100;

/** One line that says how far something is: redrawn in a terminal, told now and then where there is none. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #next = 0;
  #told = "";

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Shows a line; without a terminal only when `milestone` is another than before. */
  show(line: string, milestone: string): void {
    if (!this.#out.isTTY) {
      if (milestone !== this.#told) this.#out.write(`${line}\n`);
      this.#told = milestone;
      return;
    }
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + EVERY_MS;
    this.#out.write(`${CLEAR_LINE}${line.slice(0, (this.#out.columns || 80) - 1)}`);
  }

  /** Takes the line away, for what is to stay. */
  clear(): void {
    if (this.#out.isTTY) this.#out.write(CLEAR_LINE);
  }
}
