import type { PhaseForecast, RolloutForecast } from "../machine/plan/forecast.ts";
import type { RolloutCommand } from "../machine/events.ts";
import { rhythm } from "../machine/rollout/tally.ts";
import { formatDuration } from "../model/duration.ts";
import type { Gate } from "../model/gate.ts";
import type { DryRun, StageForecast } from "./dry-run.ts";

const HEADER = ["stage", "phase", "what happens", "from", "takes", "serving ≥", "running ≤"];

/** A dry run as a table for a terminal. Times are UTC. */
export function dryRunText(plan: DryRun): string {
  const rows = plan.stages.flatMap((stage) => stageRows(stage, plan.at));
  return [
    `${plan.pipeline} · dry run against the clusters as they are at ${time(plan.at)} UTC · nothing was changed`,
    "",
    ...table([HEADER, ...rows]),
    "",
    ...plan.stages.flatMap(footnotes),
    ...(plan.problems.length > 0 ? plan.problems.map((problem) => ` ✖ ${problem}`) : [" problems   none"]),
  ].join("\n");
}

/** A dry run as a Mermaid Gantt chart; an open end is marked by a milestone. */
export function dryRunMermaid(plan: DryRun): string {
  return [
    "gantt",
    `  title ${plan.pipeline}`,
    "  dateFormat x",
    "  axisFormat %H:%M:%S",
    ...plan.stages.flatMap((stage) => [`  section ${clean(stage.stage)}`, ...bars(stage, plan.at)]),
  ].join("\n");
}

function stageRows(stage: StageForecast, at: number): readonly (readonly string[])[] {
  if (stage.rollout)
    return stage.rollout.phases.map((phase, index) => [
      index === 0 ? stage.stage : "",
      phase.phase,
      describePhase(phase),
      time(at + stage.startsMs + phase.startsMs),
      takes(phase),
      String(wholeInstances(phase.servingLeast)),
      String(phase.runningPeak),
    ]);
  const taking = stage.openEnded ? "?" : `~${formatDuration(stage.takesMs)}`;
  return [[stage.stage, stage.type, describeStage(stage), time(at + stage.startsMs), taking, "", ""]];
}

// Shares are whole percents: 2 of 3 instances with 67 % of the traffic are good for 2.985, which is meant to be 3.
function wholeInstances(serving: number): number {
  const nearest = Math.round(serving);
  return serving >= nearest * 0.985 ? nearest : Math.floor(serving);
}

function describeStage(forecast: StageForecast): string {
  const { held } = forecast;
  const what = describeWork(forecast);
  return held ? `${what} (held until its windows open: ${held.reason})` : what;
}

function describeWork({ asks, unknown, bypassed, type }: StageForecast): string {
  if (bypassed !== undefined) return `passed by: ${bypassed}`;
  if (unknown !== undefined) return unknown;
  if (!asks) return type === "wait" ? "waits" : "runs";
  const { roles, timeoutMs, onTimeout = "fail", approvals = 1 } = asks;
  const limit =
    timeoutMs === undefined ? "" : `, times out after ${formatDuration(timeoutMs)} → ${onTimeout}`;
  return `asks ${approvals > 1 ? `${approvals} of ` : ""}${roles.join(", ")}${limit}`;
}

function describePhase({ commands, gate, holdMs, measuresMs }: PhaseForecast): string {
  const said = commands.map(describeCommand);
  const during = measuresMs > 0 ? ` (~${formatDuration(measuresMs)})` : "";
  if (gate) said.push(`${describeGate(gate)}${during}`);
  if (holdMs > 0) said.push(`holds ${formatDuration(holdMs)}`);
  return said.length > 0 ? said.join(", ") : "nothing to do";
}

function describeGate(gate: Gate): string {
  if (gate.kind === "promotion")
    return gate.afterMs === undefined
      ? "waits to be promoted"
      : `waits to be promoted, at the latest after ${formatDuration(gate.afterMs)}`;
  if (gate.kind === "check") return `measures ${[gate.check, rhythm(gate)].filter(Boolean).join(" ")}`;
  const { roles, timeoutMs, onTimeout = "fail" } = gate;
  const limit =
    timeoutMs === undefined ? "" : `, after ${formatDuration(timeoutMs)} without an answer → ${onTimeout}`;
  return `asks ${roles.join(", ")}${limit}`;
}

function describeCommand(command: RolloutCommand): string {
  if (command.do === "create-group") return `create the ${command.role ?? "candidate"} × ${command.size}`;
  if (command.do === "scale-group") return `${command.group} × ${command.size}`;
  if (command.do === "destroy-group") return `destroy ${command.group}`;
  const shares = Object.entries(command.shares).map(([group, share]) => `${share} % to ${group}`);
  return shares.length > 0 ? shares.join(", ") : "traffic to nobody";
}

function takes({ takesMs, gate }: PhaseForecast): string {
  const known = takesMs < 1000 ? "~1 s" : `~${formatDuration(takesMs)}`;
  return gate && gate.kind !== "check" ? `${known} + ?` : known;
}

function footnotes({ stage, rollout, boot, cluster }: StageForecast): readonly string[] {
  if (!rollout || !boot) return [];
  const releases = boot.samples === 1 ? "release" : `${boot.samples} releases`;
  const source = boot.samples > 0 ? `p50 of the last ${releases}` : "assumed: there is no history";
  return [
    ...rollout.background.map(
      (check) =>
        ` beside     ${stage}: ${check.check} ${rhythm(check)}, from ${
          check.from === "start" ? "the start" : "the first traffic"
        } to the point of no return (~${check.measurements} ×); a fail leads back at once`,
    ),
    ` way back   ${stage}: ${describeWayBack(rollout)}`,
    ` boot time  ${formatDuration(boot.bootMs)}, ${source} of ${cluster}`,
  ];
}

function describeWayBack({ wayBack }: RolloutForecast): string {
  const longest = wayBack.toSorted((a, b) => b.commands.length - a.commands.length)[0];
  if (!longest) return "none";
  const last = wayBack.at(-1)?.from ?? "";
  return `up to the end of ${last}: ${longest.commands.map(describeCommand).join(", ")}`;
}

function bars(stage: StageForecast, at: number): readonly string[] {
  const begin = at + stage.startsMs;
  if (!stage.rollout) {
    const kind = stage.openEnded ? "milestone, " : "";
    return [`  ${clean(stage.type)} :${kind}${begin}, ${Math.max(1, stage.takesMs)}ms`];
  }
  return stage.rollout.phases.map(
    (phase) => `  ${clean(phase.phase)} :${begin + phase.startsMs}, ${Math.max(1, phase.takesMs)}ms`,
  );
}

// Colons and semicolons end a name in Mermaid.
function clean(name: string): string {
  return name.replaceAll(/[:;#,]/g, " ");
}

function time(instant: number): string {
  return new Date(instant).toISOString().slice(11, 19);
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    ` ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ")}`.trimEnd(),
  );
}
