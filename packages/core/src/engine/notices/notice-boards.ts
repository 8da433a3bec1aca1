import { ConfigurationError } from "../../errors.ts";
import type { Notifier } from "../../ports/notifier.ts";
import type { Redactor } from "../redact.ts";
import { NoticeBoard, type BoardSources } from "./notice-board.ts";
import type { AskedFor } from "./refused-starts.ts";

/** The boards of all notifiers of a delivery. */
export class NoticeBoards {
  readonly #boards: readonly NoticeBoard[];
  readonly #sources: BoardSources & { readonly redactor: Redactor };
  #refusals = 0;

  /** @throws ConfigurationError when two have one name, or the engine keeps no cursors */
  constructor(notifiers: readonly Notifier[], sources: BoardSources & { readonly redactor: Redactor }) {
    const names = notifiers.map(({ name }) => name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    const problems = [
      ...twice.map(
        (name) => `notifiers: two are called ${JSON.stringify(name)}; the log keeps one place for a name`,
      ),
      ...(notifiers.length > 0 && !("cursor" in sources.engine && "moveCursor" in sources.engine)
        ? [`notifiers: the ${sources.engine.name} engine cannot keep how far they were told`]
        : []),
    ];
    if (problems.length > 0) throw new ConfigurationError("createDelivery", problems);
    this.#boards = notifiers.map((notifier) => new NoticeBoard(notifier, sources));
    this.#sources = sources;
  }

  /** Names under which the log keeps how far they were told. */
  get readers(): readonly string[] {
    return this.#boards.map(({ reader }) => reader);
  }

  async open(): Promise<void> {
    for (const board of this.#boards) await board.open();
  }

  async close(): Promise<void> {
    await Promise.all(this.#boards.map((board) => board.close()));
  }

  /** A start was refused. */
  refused(asked: AskedFor, error: unknown): void {
    if (this.#boards.length === 0) return;
    const at = this.#sources.clock.now();
    const refusal = { ...asked, at, error: this.#sources.redactor.error(error) };
    const dedupeId = `refused/${asked.pipeline}/${asked.idempotencyKey ?? `${at}/${++this.#refusals}`}`;
    for (const board of this.#boards) board.refused(refusal, dedupeId);
  }
}
