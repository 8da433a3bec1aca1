import { MASK } from "../../model/secret.ts";

export const CHARACTERS_MAX = 65_536;
// More is kept than is shown, so that secrets are found before anything is cut off.
const KEPT_MAX = 4 * CHARACTERS_MAX;

/** The end of a text that may be long, as it may be recorded: secrets are masked before it is cut, never cut in half. */
export class Tail {
  readonly #redact: (text: string) => string;
  #kept = "";
  #cut = false;

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  /** Adds to it. */
  add(more: string): void {
    this.#kept += more;
    if (this.#kept.length > KEPT_MAX) {
      this.#kept = this.#kept.slice(-KEPT_MAX / 2);
      this.#cut = true;
    }
  }

  /** All of it, or as much of its end as is kept. */
  get text(): string {
    return this.#kept.length <= CHARACTERS_MAX ? this.#kept : this.#masked().slice(-CHARACTERS_MAX);
  }

  /** Whether there was more than `text` shows. */
  get isCut(): boolean {
    return this.#cut || this.#kept.length > CHARACTERS_MAX;
  }

  /** The last lines, at most so many. */
  lines(most: number): string {
    return this.#masked().trimEnd().split("\n").slice(-most).join("\n");
  }

  /** The last whole line so far. */
  get lastLine(): string {
    const whole = this.#kept.slice(0, this.#kept.lastIndexOf("\n")).trimEnd();
    const begin = whole.lastIndexOf("\n") + 1;
    return begin === 0 && this.#cut ? "" : this.#redact(whole.slice(begin));
  }

  // What was cut off may have been the beginning of a secret: then the rest of it goes as well.
  #masked(): string {
    const clean = this.#redact(this.#kept);
    if (!this.#cut) return clean;
    const ends = [clean.indexOf("\n"), clean.indexOf(MASK), clean.length - CHARACTERS_MAX].filter(
      (end) => end >= 0,
    );
    return clean.slice(Math.min(...ends, clean.length));
  }
}
