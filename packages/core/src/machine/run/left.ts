import type { Operation } from "../../model/operation.ts";
import type { PlannedStage } from "../../model/plan.ts";
import type { OperationTarget } from "../operation/target.ts";
import type { StageState } from "./state.ts";

/** What a stage that was stopped or has failed leaves in the world, for the person who has to look; one line each. */
export function leftBehind({ name, kind }: PlannedStage, stage: StageState | undefined): readonly string[] {
  if (!stage || stage.status === "succeeded" || stage.rolledBack) return [];
  const what =
    kind === "operation"
      ? leftByOperation(stage)
      : kind === "pipeline"
        ? (stage.left ?? []).map((line) => `run ${stage.child ?? ""}: ${line}`)
        : leftByRollout(stage);
  return what.map((line) => `stage ${JSON.stringify(name)}: ${line}`);
}

function leftByRollout({ rollout }: StageState): readonly string[] {
  if (!rollout) return [];
  const { cluster, before } = rollout.planned;
  const candidate = rollout.candidate ? `candidate ${rollout.candidate}` : "perhaps a candidate";
  return [
    `${cluster.name} has ${candidate}${leftBaseline(rollout)}${before ? ` beside ${before.group}` : ""}`,
  ];
}

function leftBaseline({ planned, baseline, baselineMade }: NonNullable<StageState["rollout"]>): string {
  if (baseline !== undefined) return ` and baseline ${baseline}`;
  return planned.baseline && !baselineMade ? " and perhaps a baseline" : "";
}

// From when it was clear what it wants, it may have done some of that. One that failed says so itself.
function leftByOperation({ status, steps, input }: StageState): readonly string[] {
  const target = steps?.["target"] as OperationTarget | undefined;
  if (status !== "cancelled" || !target || !input) return [];
  const { do: operation, cluster } = input as unknown as Operation;
  const { sizes = {}, shares = {}, gone = [] } = target;
  const groups = [...new Set([...Object.keys(sizes), ...Object.keys(shares), ...gone])];
  return groups.length === 0
    ? []
    : [`${operation} of ${groups.join(", ")} in ${cluster.name} may be done in part`];
}
