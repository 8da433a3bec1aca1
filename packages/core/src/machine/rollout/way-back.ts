import type { Phase } from "../../model/phase.ts";
import type { NewEvent } from "../events.ts";

type Planned = Pick<NewEvent<"rollout-planned">, "before" | "rollout" | "baseline">;

// Each step of the way back may take as long as the most patient phase on the way out.
function patience({ rollout }: Planned): number {
  return Math.max(...rollout.phases.map((phase) => phase.deadlineMs));
}

/**
 * The phases that lead back to how things were: stable at its size and traffic where it was, then the candidate
 * removed, and the baseline with it. Which groups get the traffic is said by `home`, since others than stable may have had some.
 */
export function wayBack(planned: Planned): readonly Phase[] {
  const candidate = planned.rollout.onRollback === "keep" ? 0 : "gone";
  const traffic = planned.before ? { stable: 100 } : {};
  const stable = planned.before ? { stable: 100 } : {};
  const compared = planned.baseline ? { baseline: "gone" as const } : {};
  const common = { deadlineMs: patience(planned), after: "forward" } as const;
  return [
    { name: "restore", want: { ...stable, traffic }, ...common },
    { name: "remove", want: { ...stable, traffic, candidate, ...compared }, ...common },
  ];
}
