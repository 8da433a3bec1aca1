import type { NewEvent } from "../machine/events.ts";
import type { StageState } from "../machine/run/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { IssuedEffect } from "../ports/engine.ts";
import type { Logger } from "../ports/logger.ts";
import type { Children } from "./children.ts";
import type { SecretUse } from "../ports/secrets.ts";
import type { Attempt } from "./attempt.ts";
import type { Guard } from "./guard.ts";
import type { Journal } from "./journal.ts";
import type { Lines } from "./lines.ts";
import type { CallLimits } from "./provider-calls.ts";
import type { Redactor } from "./redact.ts";
import type { Registry } from "./registry.ts";
import type { Secrets } from "./secrets.ts";

/** What stages are carried out with. */
export interface Surroundings {
  readonly journal: Journal;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redactor: Redactor;
  readonly calls: CallLimits;
  readonly lines: Lines;
  /** Clusters that must always have a group that serves. */
  readonly guarded: ReadonlySet<string>;
  readonly children: Children;
  readonly guard: Guard;
  readonly secrets: Secrets;
}

/** The stage of an effect as it stands; its run must be held in memory. */
export function stageOf({ journal }: Surroundings, effect: IssuedEffect): StageState | undefined {
  return journal.peek(effect.run)?.stages[effect.id];
}

/** Records facts under the effect's fence, however long the log takes. */
export async function record(
  { journal }: Surroundings,
  effect: IssuedEffect,
  incoming: readonly NewEvent[],
): Promise<void> {
  await journal.insist(effect.run, { fence: effect, incoming });
}

/** Where and for whom an attempt uses secrets. */
export function secretUse(
  { effect, signal }: Pick<Attempt, "effect" | "signal">,
  { journal }: Pick<Surroundings, "journal">,
): SecretUse {
  const run = journal.peek(effect.run);
  return {
    run: effect.run,
    pipeline: run?.plan.pipeline ?? "",
    stage: effect.id,
    ...(run?.actor !== undefined && { actor: run.actor }),
    signal,
  };
}
