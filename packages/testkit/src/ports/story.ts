import { type Event, type NewEvent, type PlannedStage, type Thread, threadOf } from "@gennaker/core/ports";

const START = Date.UTC(2026, 0, 1, 14, 2);

/** A run of two stages that is judged and fails; as a notifier is told of it. */
export class Story {
  readonly run: string;
  readonly #events: Event[] = [];

  constructor(run: string) {
    this.run = run;
    const say = (event: NewEvent): void => {
      const seq = this.#events.length;
      this.#events.push({ ...event, id: `${run}/${seq}`, run, seq, offset: seq + 1 });
    };
    const plan = { pipeline: `promote-${run}`, stages: [stage("smoke"), stage("cut over?")] };
    say({ type: "run-started", at: START, actor: "ana", plan, input: { image: "shop/api:1.4.2" } });
    say({ type: "stage-started", at: START, stage: "smoke", input: null });
    say({ type: "stage-succeeded", at: START + 60_000, stage: "smoke", output: null });
    say({
      type: "judgement-requested",
      at: START + 60_000,
      stage: "cut over?",
      judgement: "cut over?",
      roles: ["qa"],
    });
    const answered = { stage: "cut over?", judgement: "cut over?", actor: "rui" };
    say({
      type: "judgement-answered",
      at: START + 120_000,
      ...answered,
      verdict: "fail",
      reason: "p99 doubled",
    });
    const error = {
      code: "judgement-failed",
      message: "rui judged it a fail: p99 doubled",
      retryable: false,
    };
    say({ type: "stage-failed", at: START + 120_000, stage: "cut over?", error });
    say({ type: "run-finished", at: START + 120_000, outcome: "failed", reason: "cut over?: p99 doubled" });
  }

  /** How many notices it has. */
  get length(): number {
    return this.#events.length;
  }

  /** The nth event, and the thread after it. */
  notice(index: number): { readonly event: Event; readonly thread: Thread } {
    const thread = threadOf(this.#events.slice(0, index + 1));
    return { event: this.#events[index]!, thread: thread! };
  }
}

function stage(name: string): PlannedStage {
  return { name, type: "code", kind: "effect", after: [] };
}
