import { ConfigurationError, ConflictError, DeliveryError } from "../errors.ts";
import type { NewEvent, RunAdmission } from "../machine/events.ts";
import { awaitsAdmission, isAdmitted, RUN_HOLDER } from "../machine/run/admission.ts";
import { supersedeRun } from "../machine/run/supersede.ts";
import type { RunState } from "../machine/run/state.ts";
import type { Concurrency } from "../model/concurrency.ts";
import type { Clock } from "../ports/clock.ts";
import type { PermitState } from "../ports/engine.ts";
import type { Journal } from "./journal.ts";
import type { AnyPipeline } from "./registry.ts";

/** Lets runs in, in the order of their start, and makes room for newer ones. Nothing here is remembered. */
export class Admissions {
  readonly #journal: Journal;
  readonly #clock: Clock;
  /** Runs of which it is being found out where they stand. */
  readonly #settling = new Map<string, Promise<void>>();

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** A run was created, or is carried on after its end: records where it stands. */
  async created(run: string, permit: PermitState | undefined): Promise<void> {
    if (permit) await this.#once(run, () => this.#settle(run, permit));
  }

  /** A place came free for a run. */
  async granted(run: string): Promise<void> {
    await this.#journal.insist(run, { incoming: (state) => this.#admit(state) });
  }

  /** The alarm of a run rang; false when it is not about its admission. After a crash this goes on where `created` stood. */
  async due(run: string): Promise<boolean> {
    const state = await this.#journal.state(run);
    if (!state?.admission || !awaitsAdmission(state)) return false;
    await this.#once(run, async () => {
      const permit = (await this.#line(state.admission)).find((place) => place.run === run);
      if (permit) await this.#settle(run, permit);
    });
    return true;
  }

  #once(run: string, settle: () => Promise<void>): Promise<void> {
    const going = this.#settling.get(run);
    if (going) return going;
    const settling = settle().finally(() => this.#settling.delete(run));
    this.#settling.set(run, settling);
    return settling;
  }

  async #settle(run: string, permit: PermitState): Promise<void> {
    if (permit.granted) return this.granted(run);
    const state = await this.#journal.state(run);
    if (!state?.admission) return;
    const position = state.admission.policy === "newest-wins" ? await this.#makeRoom(state) : permit.position;
    // Those who made room may have let it in meanwhile.
    if (position > 0)
      await this.#journal.insist(run, { incoming: (now) => this.#queue(now, permit.key, position) });
  }

  /** The newest `limit` runs survive: those before them in the line are superseded. Returns where the run stands then. */
  async #makeRoom(state: RunState): Promise<number> {
    const { run, admission, actor } = state;
    const line = await this.#line(admission);
    const own = line.findIndex((place) => place.run === run);
    const by = { run, ...(actor !== undefined && { actor }) };
    for (const other of line.slice(0, Math.max(0, own + 1 - (admission?.limit ?? 1))))
      if (await this.#isOlder(other.run, state))
        await this.#journal.insist(other.run, {
          incoming: (now) => supersedeRun(now, by, this.#clock.now()),
        });
    return (await this.#line(admission)).find((place) => place.run === run)?.position ?? 0;
  }

  // A run that is retried comes late: it waits for those that were started after it.
  async #isOlder(other: string, { startedAt }: RunState): Promise<boolean> {
    const before = await this.#journal.state(other);
    return before !== undefined && before.startedAt <= startedAt;
  }

  async #line(admission: RunAdmission | undefined): Promise<readonly PermitState[]> {
    return admission ? this.#journal.line(admission.permit) : [];
  }

  #admit(state: RunState): readonly NewEvent[] {
    return state.admission && !isAdmitted(state) && state.outcome === undefined
      ? [{ type: "run-admitted", at: this.#clock.now(), permit: state.admission.permit }]
      : [];
  }

  #queue(state: RunState, permit: string, position: number): readonly NewEvent[] {
    return awaitsAdmission(state) ? [{ type: "run-queued", at: this.#clock.now(), permit, position }] : [];
  }
}

/**
 * The place that a run of a pipeline needs; undefined: none.
 *
 * @throws ConfigurationError when the pipeline's key does not make one of the input
 */
export function admissionOf(pipeline: AnyPipeline, input: unknown): RunAdmission | undefined {
  const concurrency = pipeline.concurrency as Concurrency<unknown> | undefined;
  if (!concurrency) return undefined;
  const { limit = 1, policy = "queue" } = concurrency;
  const key = concurrency.key ? ` ${keyOf(pipeline.name, concurrency.key, input)}` : "";
  return { permit: `pipeline ${JSON.stringify(pipeline.name)}${key}`, limit, policy };
}

function keyOf(pipeline: string, key: (input: unknown) => unknown, input: unknown): string {
  const subject = `the concurrency of pipeline ${JSON.stringify(pipeline)}`;
  let made: unknown;
  try {
    made = key(input);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(subject, [`key: the function threw: ${why}; no run was started`], { cause });
  }
  if (typeof made !== "string" || made === "")
    throw new ConfigurationError(subject, [
      `key: the function must return a text that is not empty, and returned ${JSON.stringify(made) ?? typeof made}; no run was started`,
    ]);
  return made;
}

/** What is thrown to whoever wanted to start a run only if a place is free: who has it. Any other error is left as it is. */
export async function explainRefusal(
  error: unknown,
  pipeline: string,
  admission: RunAdmission | undefined,
  journal: Journal,
): Promise<unknown> {
  if (!admission || !isRefusedPlace(error, admission.permit)) return error;
  const places = await journal.line(admission.permit);
  const [first] = places;
  const state = first && (await journal.state(first.run));
  const by = state?.actor === undefined ? "" : `, started by ${state.actor}`;
  const who = first ? `run ${first.run}${by}` : "another run";
  const which =
    admission.limit === 1 ? `${who} is under way` : `${places.length} runs are under way, first ${who}`;
  return new ConflictError(
    `pipeline ${JSON.stringify(pipeline)}: ${which}, and no more than ${admission.limit} may be at once; nothing was started: try again when it is over`,
    {
      retryable: true,
      details: { permit: admission.permit, runs: places.map(({ run }) => run) },
      cause: error,
    },
  );
}

/** The place of a run in the line of its pipeline, while it waits: those before it come and go without a word in its own log. */
export async function livePosition(
  { run, admission, position }: RunState,
  journal: Journal,
): Promise<{ readonly position?: number }> {
  if (!admission || position === undefined) return {};
  const place = (await journal.line(admission.permit)).find((other) => other.run === run);
  return place && !place.granted ? { position: place.position } : {};
}

/** Whether a write was refused because a place that it wanted only if it is free is not. */
export function isRefusedPlace(error: unknown, permit: string): boolean {
  return DeliveryError.is(error) && error.code === "GENNAKER_CONFLICT" && error.details["permit"] === permit;
}

/** Whether a permit is a run's own, not one of its stages'. */
export function isOfRun({ holder }: PermitState): boolean {
  return holder === RUN_HOLDER;
}
