import { type DryRun, dryRunText } from "@gennaker/core";
import { shortNames } from "./words.ts";

/** A plan as the delivery prints it, with short names of groups. */
export function planLines(plan: DryRun): readonly string[] {
  const [stage] = plan.stages;
  const cluster = stage?.cluster?.split("/").at(-1) ?? "";
  const short = JSON.parse(shortNames(JSON.stringify(plan), cluster)) as DryRun;
  return ["", ...dryRunText(short).split("\n"), ""];
}

/** The names of the phases that are planned. */
export function plannedPhases(plan: DryRun | undefined): readonly string[] {
  return plan?.stages.flatMap(({ rollout }) => rollout?.phases.map(({ phase }) => phase) ?? []) ?? [];
}
