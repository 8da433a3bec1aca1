import { clusterId, type Cluster } from "../../model/cluster.ts";
import type { PlannedStage } from "../../model/plan.ts";
import type { PermitRequest } from "../../ports/engine.ts";
import { RUN_HOLDER } from "./admission.ts";
import { isOver, type RunState, type StageState } from "./state.ts";

/** The permit that a stage needs before it acts: at most one at a time on a cluster. Undefined: none, or its input is not known yet. */
export function permitOf({ name, kind }: PlannedStage, stage: StageState): PermitRequest | undefined {
  if (!actsOnCluster({ kind }) || stage.input === undefined) return undefined;
  const { cluster, do: operation } = stage.input as unknown as { cluster: Cluster; do?: string };
  // Who only looks need not wait.
  if (operation === "find") return undefined;
  return { key: permitKey(cluster), limit: 1, holder: name };
}

/** The key under which rollouts take turns on a cluster. */
export function permitKey(cluster: Cluster<unknown>): string {
  return `cluster ${clusterId(cluster)}`;
}

/** Permits of what was not over before and is now. */
export function permitsToRelease(before: RunState, after: RunState): { key: string; holder: string }[] {
  const ofRun = permitOfRunToRelease(before, after);
  return before.stages === after.stages ? ofRun : [...permitsOfStages(before, after), ...ofRun];
}

// Given back with the end of the run: whether it was under way, or waited.
function permitOfRunToRelease(before: RunState, after: RunState): { key: string; holder: string }[] {
  if (!after.admission || before.outcome !== undefined || after.outcome === undefined) return [];
  return [{ key: after.admission.permit, holder: RUN_HOLDER }];
}

function permitsOfStages(before: RunState, after: RunState): { key: string; holder: string }[] {
  if (!after.plan.stages.some(actsOnCluster)) return [];
  return after.plan.stages.flatMap((planned) => {
    const stage = after.stages[planned.name];
    const was = before.stages[planned.name];
    if (!stage || !was || isOver(was) || !isOver(stage)) return [];
    const permit = permitOf(planned, stage);
    return permit ? [{ key: permit.key, holder: permit.holder }] : [];
  });
}

function actsOnCluster({ kind }: Pick<PlannedStage, "kind">): boolean {
  return kind === "rollout" || kind === "operation";
}
