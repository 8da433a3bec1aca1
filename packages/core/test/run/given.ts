import { advance, replay } from "../../src/machine/run/advance.ts";
import type { Fact } from "../../src/machine/run/evolve.ts";
import type { RunState } from "../../src/machine/run/state.ts";
import type { NewEvent } from "../../src/machine/events.ts";
import type { Plan, PlannedStage } from "../../src/model/plan.ts";
import type { Effect, IssuedEffect, Write } from "../../src/ports/engine.ts";

/** A stage of a plan, by default user code with nothing before it. */
export function stage(name: string, fields: Partial<PlannedStage> = {}): PlannedStage {
  return { name, type: "code", kind: "effect", after: [], ...fields };
}

/** The first event of a run of such stages. */
export function started(...stages: readonly PlannedStage[]): NewEvent<"run-started"> {
  const plan: Plan = { pipeline: "release", stages };
  return { type: "run-started", at: 0, plan, input: null };
}

/** Given a log, when facts come in at an instant: what is written. Effects count as handed out unless `effects` says otherwise. */
export function given(...log: readonly Fact[]): {
  state: RunState;
  when(at: number, ...incoming: NewEvent[]): Write & { readonly state: RunState };
} {
  const state = replay("run", log);
  const effects = outstanding(state);
  return {
    state,
    when(at, ...incoming) {
      const { write, state: next } = advance(state, effects, { incoming }, at);
      return { ...write, state: next };
    },
  };
}

function outstanding({ stages }: RunState): readonly IssuedEffect[] {
  return Object.entries(stages)
    .filter(([, { status }]) => status === "running")
    .map(([id, { attempt }]) => ({ run: "run", id, attempt, lease: "1:1" }));
}

/** Types of the events of a write, in order. */
export function types({ events }: Pick<Write, "events">): readonly string[] {
  return events.map((event) => event.type);
}

/** Ids of the effects that a write hands out. */
export function issued({ issue = [] }: Pick<Write, "issue">): readonly string[] {
  return issue.map((effect: Effect) => effect.id);
}
