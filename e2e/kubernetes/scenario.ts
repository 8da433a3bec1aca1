import type { Bed, Control } from "../beds/kubernetes/index.ts";

/** Something that happens to a rollout, and how the rollout is to end. */
export interface Scenario<Ground = ScenarioGround> {
  /** As an operator would say it. */
  readonly name: string;
  /** What is wanted: what `run` resolves to when all is well. */
  readonly wanted: string;
  /** How it ended, in a word or two; throws when something else is wrong. */
  readonly run: (ground: Ground) => Promise<string>;
}

/** What a scenario has. */
export interface ScenarioGround {
  readonly bed: Bed;
  readonly say: (line: string) => void;
}

/** What a scenario has that breaks what the cluster is made of. */
export interface ControlledGround extends ScenarioGround {
  readonly control: Control;
}

/** How a scenario went. */
export interface ScenarioResult {
  readonly name: string;
  readonly outcome: string;
  readonly ok: boolean;
  readonly ms: number;
}

/** Runs one; never throws. */
export async function tryScenario<Ground extends ScenarioGround>(
  { name, wanted, run }: Scenario<Ground>,
  ground: Ground,
): Promise<ScenarioResult> {
  const since = Date.now();
  const outcome = await run(ground).catch(
    (error: unknown) => `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  const ok = outcome === wanted;
  const ms = Date.now() - since;
  ground.say(`${ok ? "✔" : "✖"} ${name}: ${outcome}${ok ? "" : ` (wanted: ${wanted})`} (${ms} ms)`);
  return { name, outcome, ok, ms };
}

/** @throws Error with what was expected */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected that ${what}`);
}
