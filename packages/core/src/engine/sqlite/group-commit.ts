import { ConflictError } from "../../errors.ts";
import { isStorageFailure, logFailure } from "./failure.ts";
import type { Recorded, Recording } from "./recorder.ts";

/** Where changes are recorded. */
export interface GroupTarget {
  readonly file: string;
  /** Does all of `work` in one transaction, or none of it. */
  transact(work: () => void): void;
  /** These are durable, in this order. */
  recorded(changes: readonly Recorded<unknown>[]): void;
  /** The log is another process's now. */
  lost(): void;
}

interface Task {
  /** Within the transaction; throws when writing fails. May be called again after a transaction was undone. */
  attempt(): void;
  /** After the transaction: tells the caller, and returns what was recorded, if anything was. */
  settle(): Recorded<unknown> | undefined;
  fail(error: unknown): void;
}

/**
 * Collects the changes of one turn of the event loop into one transaction, so that a hundred callers wait for the
 * disk once. Each change sees those before it; one that is refused by its own decision leaves nothing behind.
 */
export class GroupCommit {
  readonly #target: GroupTarget;
  #tasks: Task[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  constructor(target: GroupTarget) {
    this.#target = target;
  }

  /** `prepare` reads and decides; the recording that it returns writes. Resolves when the change is durable. */
  add<Result>(prepare: () => Recording<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(newTask(prepare, resolve, reject));
      this.#scheduled ??= setImmediate(() => this.flush());
    });
  }

  /** Records now what waits for the end of this turn. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const tasks = this.#tasks;
    this.#tasks = [];
    if (tasks.length > 0) this.#record(tasks);
  }

  #record(tasks: readonly Task[]): void {
    try {
      this.#target.transact(() => {
        for (const task of tasks) task.attempt();
      });
    } catch (error) {
      this.#undone(tasks, error);
      return;
    }
    this.#target.recorded(tasks.flatMap((task) => task.settle() ?? []));
  }

  // One change that cannot be written must not take the others with it.
  #undone(tasks: readonly Task[], error: unknown): void {
    const lost = error instanceof ConflictError;
    if (tasks.length > 1 && !lost && !isStorageFailure(error)) {
      for (const task of tasks) this.#record([task]);
      return;
    }
    if (lost) this.#target.lost();
    const failure = logFailure(this.#target.file, error, "nothing of this change was recorded");
    for (const task of tasks) task.fail(failure);
  }
}

function newTask<Result>(
  prepare: () => Recording<Result>,
  resolve: (result: Result) => void,
  reject: (error: unknown) => void,
): Task {
  let outcome: { readonly recorded: Recorded<Result> } | { readonly refusal: unknown } | undefined;
  return {
    attempt() {
      const recording = decided(prepare);
      outcome = "refusal" in recording ? recording : { recorded: recording.record() };
    },
    settle() {
      if (!outcome) return undefined;
      if ("refusal" in outcome) {
        reject(outcome.refusal);
        return undefined;
      }
      resolve(outcome.recorded.result);
      return outcome.recorded;
    },
    fail: reject,
  };
}

function decided<Result>(
  prepare: () => Recording<Result>,
): { readonly record: Recording<Result> } | { readonly refusal: unknown } {
  try {
    return { record: prepare() };
  } catch (error) {
    return { refusal: error };
  }
}
