import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

interface Pending<T> {
  readonly change: (state: T) => T;
  readonly resolve: (state: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Replaces a file whole or not at all, readable by its owner only; on return it is on the disk. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  await rm(draft, { force: true });
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * A state and its file. Changes are made one after the other; those that arrive during a write share the next one.
 * A change is on disk before it is in `state`, and in `state` before `update` resolves.
 */
export class StateFile<T> {
  readonly #path: string;
  readonly #installed: (state: T) => void;
  #state: T;
  #pending: Pending<T>[] = [];
  #writing = false;

  constructor(path: string, state: T, installed: (state: T) => void) {
    this.#path = path;
    this.#state = state;
    this.#installed = installed;
  }

  get state(): T {
    return this.#state;
  }

  /** A change that throws is not made; the error is the caller's. One that returns its argument writes nothing. */
  update(change: (state: T) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#pending.push({ change, resolve, reject });
    if (!this.#writing) void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#pending.length > 0) await this.#commit(this.#pending.splice(0));
    this.#writing = false;
  }

  async #commit(batch: readonly Pending<T>[]): Promise<void> {
    let next = this.#state;
    // Each caller gets the state as its own change left it: two claims in one write have two epochs.
    const made: { readonly pending: Pending<T>; readonly state: T }[] = [];
    for (const pending of batch) {
      try {
        next = pending.change(next);
        made.push({ pending, state: next });
      } catch (error) {
        pending.reject(error);
      }
    }
    try {
      if (next !== this.#state) {
        await writeWhole(this.#path, `${JSON.stringify(next, null, 1)}\n`);
        this.#state = next;
        this.#installed(next);
      }
      for (const { pending, state } of made) pending.resolve(state);
    } catch (error) {
      for (const { pending } of made) pending.reject(error);
    }
  }
}
