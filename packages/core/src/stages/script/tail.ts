const CHARACTERS_MAX = 65_536;

/** The end of a text that may be long. */
export class Tail {
  #text = "";

  /** Adds to it; returns the last whole line so far. */
  add(more: string): string {
    this.#text = (this.#text + more).slice(-CHARACTERS_MAX);
    return this.lines(1);
  }

  get text(): string {
    return this.#text;
  }

  /** The last lines, at most so many. */
  lines(most: number): string {
    return this.#text.trimEnd().split("\n").slice(-most).join("\n");
  }
}
