import { formatDuration } from "../../model/duration.ts";
import { flowchart, type FlowLook } from "../../model/flowchart.ts";
import { shapeOf, upstreamOf } from "../../model/plan-mermaid.ts";
import type { RunView, StageView } from "../run-view.ts";

/** A run as a Mermaid flowchart: how each stage stands, since when and how long. Times are UTC; `now` ends what runs. */
export function runMermaid({ stages }: RunView, now: number): string {
  return flowchart(
    stages.map((stage) => ({
      lines: [`${mark(stage)} ${stage.name}`, describe(stage, now), ...detail(stage)],
      look: lookOf(stage),
      shape: shapeOf(stage),
      after: upstreamOf(stage, stages),
    })),
  );
}

// A status that this version does not know is drawn like one that has not begun.
function lookOf({ status, judgement, rollout, error }: StageView): FlowLook {
  if (status === "succeeded") return "succeeded";
  if (status === "failed") return isRolledBack(rollout, error) ? "back" : "failed";
  if (status === "cancelled" || status === "skipped") return "stopped";
  if (judgement) return "asking";
  if (status === "running") return rollout?.direction === "back" ? "back" : "running";
  return "waiting";
}

const MARKS: Readonly<Partial<Record<FlowLook, string>>> = {
  succeeded: "✔",
  failed: "✖",
  back: "↩",
  asking: "?",
  running: "●",
  stopped: "—",
};

function mark(stage: StageView): string {
  return MARKS[lookOf(stage)] ?? "○";
}

function describe(stage: StageView, now: number): string {
  const { status, startedAt, finishedAt, position } = stage;
  if (status === "queued") return `queued, ${position === 1 ? "next" : `place ${position ?? "?"}`}`;
  const word = status === "failed" && lookOf(stage) === "back" ? "rolled back" : status;
  if (startedAt === undefined) return word;
  const took = formatDuration(Math.max(0, (finishedAt ?? now) - startedAt));
  return `${word} · ${new Date(startedAt).toISOString().slice(11, 19)} · ${took}`;
}

function detail({ attempt, judgement, answer, rollout, status, error, reason }: StageView): string[] {
  const lines: string[] = [];
  if (attempt > 1) lines.push(`attempt ${attempt}`);
  if (judgement) lines.push(`asks ${judgement.roles.join(", ")}`);
  else if (answer) lines.push(`${answer.actor}: ${answer.verdict}`);
  if (rollout && rollout.outcome === undefined) lines.push(`${rollout.strategy}: ${rollout.phase}`);
  const why = status === "failed" ? error?.message : reason;
  if (why !== undefined) lines.push(why);
  return lines;
}

function isRolledBack(rollout: StageView["rollout"], error: StageView["error"]): boolean {
  return rollout?.outcome === "rolled-back" || error?.code === "rolled-back";
}
