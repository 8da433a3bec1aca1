import { evolveRollout } from "@gennaker/core/machine";
import type { NewEvent } from "@gennaker/core/ports";
import type { Node } from "./node.ts";
import { relied, reliedToCompare } from "./judge-turn.ts";
import type { Brief } from "./properties.ts";
import { hear, rely } from "./witness.ts";

/** The name of the explored stage. */
export const STAGE = "prod";

/** Events go into the log: the machine folds them, the monitors hear them. */
export function append(node: Node, events: readonly NewEvent[], brief: Brief): Node {
  let { state, witness } = node;
  const { phases } = state.planned.rollout;
  for (const event of events) {
    const phase = witness.direction === "forward" ? phases[witness.index] : undefined;
    const leaves = event.type === "rollout-phase-started" && event.direction === "forward" && phase;
    const counted = leaves ? relied(phase, state.size, brief) : 0;
    const compared = leaves ? reliedToCompare(phase, state.size, brief) : 0;
    witness = hear(rely(witness, counted, compared), event, phase, state.planned.rollout);
    state = evolveRollout(state, event, brief.settings.rules);
  }
  return { ...node, state, witness };
}
