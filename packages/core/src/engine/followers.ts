import type { NewEvent } from "../machine/events.ts";
import type { Change } from "../machine/run/advance.ts";
import { decideRun } from "../machine/run/decide.ts";
import { evolveRun } from "../machine/run/evolve.ts";
import type { RunState } from "../machine/run/state.ts";
import { evaluateInput } from "./stage-input.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * A stage's success, and with it the start of the stages of code that only waited for it: one commit instead of two.
 * Their inputs are made beforehand, outside the transaction; inside it they start only if they still may.
 */
export async function withFollowers(
  succeeded: NewEvent<"stage-succeeded">,
  run: string,
  using: Surroundings,
): Promise<NonNullable<Change["incoming"]>> {
  const state = using.journal.peek(run);
  const started = state ? await starts(evolveRun(state, succeeded), using) : [];
  if (started.length === 0) return [succeeded];
  return (now) => {
    // Nobody changed the run in between: what may start was decided on this very state.
    if (now === state) return [succeeded, ...started];
    const ready = readyStages(evolveRun(now, succeeded), using);
    return [succeeded, ...started.filter(({ stage }) => ready.includes(stage))];
  };
}

async function starts(after: RunState, using: Surroundings): Promise<NewEvent<"stage-started">[]> {
  const started: NewEvent<"stage-started">[] = [];
  for (const stage of readyStages(after, using)) {
    const code = using.registry.stage(after.plan, stage);
    if (typeof code === "string" || code.type.kind !== "effect" || code.when || code.windows) continue;
    try {
      const { recorded } = await evaluateInput(code, after, using.registry);
      started.push({ type: "stage-started", at: using.clock.now(), stage, input: recorded });
    } catch {
      // It is made again when the stage starts by itself, and what is wrong with it is that stage's failure.
    }
  }
  return started;
}

function readyStages(state: RunState, { clock }: Surroundings): readonly string[] {
  return decideRun(state, clock.now())
    .issue.map(({ id }) => id)
    .filter((id) => state.stages[id]?.status === "pending");
}
