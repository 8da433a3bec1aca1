import type { Event, NewEvent } from "../../src/machine/events.ts";
import { advance, begin, replay, type Change } from "../../src/machine/run/advance.ts";
import type { RunState } from "../../src/machine/run/state.ts";
import type { Json } from "../../src/model/json.ts";
import type { StageKind } from "../../src/model/stage.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { IssuedEffect, Write } from "../../src/ports/engine.ts";
import { outstandingAfter } from "../../src/engine/outstanding.ts";

const CLUSTER = { provider: "local", account: "a", location: "l", name: "shop" };
const INPUTS: Partial<Record<StageKind, Json>> = { wait: { for: "1h" }, rollout: { cluster: CLUSTER } };

/** How a stage ends when it is carried out. */
export type End = "succeeds" | "fails" | "fails, undone" | "is not needed" | "is stopped" | "never ends";

/** A run without an engine: its log, its effects, and its state folded anew from the log after every change. */
export class Play {
  readonly log: NewEvent[] = [];
  effects: readonly IssuedEffect[] = [];
  state: RunState;
  at = 0;
  wakeAt: number | null = null;
  #leases = 0;

  constructor(plan: Plan) {
    const started: NewEvent<"run-started"> = { type: "run-started", at: 0, plan, input: null };
    const { write, state } = begin("run", started, 0);
    this.state = state;
    this.#record(write);
  }

  /** One change, under the fence of a stage's effect where it is its result. */
  do(change: Change): void {
    const { write, state } = advance(this.state, this.effects, change, this.at);
    this.state = state;
    this.#record(write);
  }

  tell(...incoming: NewEvent[]): void {
    this.do({ incoming });
  }

  start(stage: string): void {
    const { kind } = this.state.plan.stages.find(({ name }) => name === stage)!;
    this.do({
      fence: this.effect(stage),
      settle: kind === "wait",
      incoming: [{ type: "stage-started", at: this.at, stage, input: INPUTS[kind] ?? null }],
    });
  }

  end(stage: string, how: End): void {
    if (how === "never ends") return;
    const fence = this.effect(stage);
    const { at } = this;
    const error = { code: "error", message: "no", retryable: false };
    const events: Record<Exclude<End, "never ends">, NewEvent> = {
      succeeds: { type: "stage-succeeded", at, stage, output: null },
      fails: { type: "stage-failed", at, stage, error },
      "fails, undone": { type: "stage-failed", at, stage, error, rolledBack: true },
      "is stopped": { type: "stage-cancelled", at, stage, reason: "stopped" },
      "is not needed": { type: "stage-bypassed", at, stage, by: "condition", reason: "not needed" },
    };
    this.do({ fence, incoming: [events[how]] });
  }

  /** Time passes until the run wakes by itself. */
  wake(): void {
    if (this.wakeAt === null) throw new Error("nothing is due");
    this.at = Math.max(this.at, this.wakeAt);
    this.do({});
  }

  /** The process ends and begins again: the log is all that is left, and what is outstanding is handed out anew. */
  crash(): void {
    this.state = replay("run", JSON.parse(JSON.stringify(this.log)) as NewEvent[]);
    this.effects = this.effects.map((effect) => ({ ...effect, lease: `2:${++this.#leases}` }));
  }

  /** What waits to be carried out, in the order of the plan. */
  get issued(): readonly string[] {
    return this.state.plan.stages.map(({ name }) => name).filter((name) => this.#has(name));
  }

  /** Carries out all that can be carried out: begins whatever may begin, then ends the first that is at work. */
  playOut(ends: Readonly<Record<string, End>> = {}): this {
    for (;;) {
      const isPending = (name: string): boolean => this.state.stages[name]?.status === "pending";
      const begins = this.issued.find((name) => isPending(name) && ends[name] !== "is not needed");
      const ended = this.issued.find((name) => ends[name] !== "never ends");
      if (begins !== undefined) this.start(begins);
      else if (ended !== undefined) this.end(ended, ends[ended] ?? "succeeds");
      else return this;
    }
  }

  statuses(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.state.stages).map(([name, { status }]) => [name, status]));
  }

  effect(stage: string): IssuedEffect {
    const effect = this.effects.find(({ id }) => id === stage);
    if (!effect) throw new Error(`${stage} is not handed out`);
    return effect;
  }

  #has(stage: string): boolean {
    return this.effects.some(({ id }) => id === stage);
  }

  // Whatever happens, the log alone must lead to the same state.
  #record(write: Write): void {
    this.log.push(...write.events);
    this.effects = outstandingAfter(this.effects, "run", write, () => `1:${++this.#leases}`).outstanding;
    this.wakeAt = write.wakeAt ?? null;
    const again = replay("run", this.log);
    if (JSON.stringify(again) !== JSON.stringify(this.state)) throw new Error("the log tells another state");
    this.state = again;
  }
}

/** Types of events, in order. */
export function typesOf(events: readonly (NewEvent | Event)[]): readonly string[] {
  return events.map(({ type }) => type);
}
