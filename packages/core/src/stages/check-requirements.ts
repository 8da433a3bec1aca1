import type { Duration } from "../model/duration.ts";
import { checkCluster } from "./deploy-input.ts";
import type { Bounds, Requirement } from "./precondition.ts";
import { checkDuration } from "./wait.ts";

const OUTCOMES = ["succeeded", "rolled-back", "cancelled", "failed"];
const BOUNDED = ["desired", "healthy", "serving"] as const;

/** Everything that is wrong with requirements. */
export function checkRequirements(
  require: readonly Requirement[],
  within: Duration | undefined,
): readonly string[] {
  return [
    ...(Array.isArray(require) && require.length > 0 ? [] : ["require: at least one is needed"]),
    ...(Array.isArray(require) ? require : []).flatMap((requirement: Requirement, index) =>
      checkRequirement(requirement).map((problem) => `require[${index}].${problem}`),
    ),
    ...(within === undefined ? [] : checkDuration("within", within)),
  ];
}

function checkRequirement(requirement: Requirement): readonly string[] {
  if ("that" in requirement)
    return typeof requirement.that === "boolean" && typeof requirement.because === "string"
      ? []
      : ["that: must be true or false, with a because"];
  if ("pipeline" in requirement) return checkEnded(requirement.ended);
  const bounds = BOUNDED.flatMap((field) => checkBounds(field, requirement[field]));
  const some = BOUNDED.some((field) => requirement[field] !== undefined);
  return [
    ...checkCluster(requirement.cluster),
    ...bounds,
    ...(some ? [] : ["cluster: nothing is asked of it (write healthy: { atLeast: 3 })"]),
  ];
}

function checkEnded(ended: string | readonly string[]): readonly string[] {
  const list = typeof ended === "string" ? [ended] : (ended ?? []);
  const wrong = list.filter((outcome) => !OUTCOMES.includes(outcome));
  return list.length > 0 && wrong.length === 0
    ? []
    : [`ended: ${JSON.stringify(ended)} is not one of ${OUTCOMES.join(", ")}`];
}

function checkBounds(field: string, bounds: Bounds | undefined): readonly string[] {
  if (bounds === undefined) return [];
  const { atLeast = 0, atMost = Infinity } = bounds;
  return atLeast >= 0 && atMost >= atLeast
    ? []
    : [`${field}: at least ${atLeast} and at most ${atMost} cannot be`];
}
