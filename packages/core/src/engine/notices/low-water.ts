/** Up to where everything was told, while several things are being told at once and end in any order. */
export class LowWater {
  readonly #open = new Set<number>();
  #highest: number;

  constructor(from: number) {
    this.#highest = from;
  }

  /** How many are not told yet. */
  get open(): number {
    return this.#open.size;
  }

  /** The newest that was read. */
  get highest(): number {
    return this.#highest;
  }

  /** Everything up to here was told. */
  get mark(): number {
    // Offsets are opened in their order, and a set keeps it.
    const [first] = this.#open;
    return first === undefined ? this.#highest : first - 1;
  }

  begin(offset: number): void {
    this.#open.add(offset);
    this.#highest = offset;
  }

  end(offset: number): void {
    this.#open.delete(offset);
  }

  /** There was nothing to tell. */
  skip(offset: number): void {
    this.#highest = offset;
  }
}
