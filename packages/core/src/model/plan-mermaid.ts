import { flowchart, type FlowNode } from "./flowchart.ts";
import type { Plan, PlannedStage } from "./plan.ts";

/** A plan as a Mermaid flowchart: one box for each stage, with its type where the name does not say it. */
export function planMermaid({ stages }: Plan): string {
  return flowchart(
    stages.map((stage) => ({
      lines: stage.type === stage.name ? [stage.name] : [stage.name, stage.type],
      shape: shapeOf(stage),
      after: upstreamOf(stage, stages),
    })),
  );
}

/** How a stage of this kind is drawn. */
export function shapeOf({ type }: Pick<PlannedStage, "type">): NonNullable<FlowNode["shape"]> {
  if (type === "judgement") return "question";
  return type === "wait" ? "rounded" : "box";
}

/** Where the stages before a stage stand among all; names that are not there are left out. */
export function upstreamOf(
  { after }: Pick<PlannedStage, "after">,
  stages: readonly Pick<PlannedStage, "name">[],
): readonly number[] {
  return after.map((name) => stages.findIndex((stage) => stage.name === name)).filter((index) => index >= 0);
}
