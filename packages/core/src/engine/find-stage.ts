import { ConfigurationError } from "../errors.ts";
import type { RunState, StageState } from "../machine/run/state.ts";
import { suggest } from "../model/suggest.ts";

/** @throws ConfigurationError when the run has no such stage */
export function findStage(state: RunState, name: string): StageState {
  const stage = Object.hasOwn(state.stages, name) ? state.stages[name] : undefined;
  if (!stage)
    throw new ConfigurationError(`run ${state.run}`, [
      `no stage is called ${JSON.stringify(name)}${suggest(name, Object.keys(state.stages))}`,
    ]);
  return stage;
}
