/** Those who want to hear of changes. Changes within a few milliseconds are told as one. */
export class Watchers {
  readonly #listeners = new Set<() => void>();
  #telling = false;

  get count(): number {
    return this.#listeners.size;
  }

  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    setTimeout(() => {
      this.#telling = false;
      for (const listener of this.#listeners) listener();
    }, TOGETHER_MS);
  }
}

const TOGETHER_MS = 3;
