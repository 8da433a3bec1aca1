import type { GroupView } from "@gennaker/core";
import { bar } from "./bar.ts";
import { fold, type Line, type Span, span, type Tone, withRight } from "./line.ts";
import type { PhaseProgress, Progress } from "./progress.ts";
import type { Crash, Scene } from "./scene.ts";
import { clock, count, health, namesOf, seconds, shortName, shortNames, whatFor } from "./words.ts";

/** Columns that the screen is drawn for. */
const WIDTH = 80;
const LABEL = 13;
const COLUMN = 34;
const BLANK: Line = [];

/** The whole screen at one moment, as lines. */
export function frame(scene: Scene): readonly Line[] {
  const { progress } = scene;
  if (progress.phases.length === 0) return [heading(scene), BLANK, preparation(scene)];
  return [
    heading(scene),
    BLANK,
    ...progress.phases.map((phase) => phaseLine(phase, scene)),
    BLANK,
    labelled("traffic", ...groupColumns(progress, trafficOf)),
    labelled("instances", ...groupColumns(progress, instancesOf)),
    labelled("load", ...loadOf(scene)),
    ...illAnswers(scene),
    ...scene.crashes.map((crash) => labelled("orchestrator", ...crashOf(crash, scene))),
    ...troubles(progress),
    BLANK,
    footer(scene),
  ];
}

function heading({ title, progress: { startedAt, finishedAt, pausedAt }, now }: Scene): Line {
  const paused: Line = pausedAt === undefined ? [] : [span("  paused", "busy")];
  const line = [span(title, "strong"), ...paused];
  return startedAt === undefined
    ? line
    : withRight(line, span(clock((finishedAt ?? now) - startedAt)), WIDTH);
}

function preparation({ preparing = "", preparedSince, now }: Scene): Line {
  const line = [span("  ● ", "busy"), span("prepare".padEnd(LABEL - 2)), span(preparing)];
  return withRight(line, span(seconds(now - preparedSince), "faint"), WIDTH);
}

const MARKS = {
  waiting: span("  ", "faint"),
  busy: span("● ", "busy"),
  done: span("✔ ", "good"),
  broken: span("✖ ", "bad"),
} as const;

function phaseLine(phase: PhaseProgress, { progress, now }: Scene): Line {
  const state = stateOf(phase);
  const tone: Tone = state === "waiting" ? "faint" : "plain";
  const time = phase.startedAt === undefined ? "" : seconds((phase.endedAt ?? now) - phase.startedAt);
  const line = [
    span("  "),
    MARKS[state],
    span(phase.name.padEnd(LABEL - 2), tone),
    ...(state === "busy" ? holdBar(phase, progress, now) : []),
    span(whatFor(phase, progress), tone),
  ];
  return withRight(line, span(time, "faint"), WIDTH);
}

function stateOf({ startedAt, endedAt, broken }: PhaseProgress): keyof typeof MARKS {
  if (broken) return "broken";
  if (endedAt !== undefined) return "done";
  return startedAt === undefined ? "waiting" : "busy";
}

function holdBar({ holdMs, reachedAt }: PhaseProgress, { pausedAt }: Progress, now: number): readonly Span[] {
  if (holdMs === 0) return [];
  const held = reachedAt === undefined ? 0 : (pausedAt ?? now) - reachedAt;
  return [span(`${bar(held / holdMs)}  `, "busy")];
}

function labelled(label: string, ...rest: Span[]): Line {
  return [span("  "), span(label.padEnd(LABEL), "faint"), ...rest];
}

/** One column for stable and one for the candidate. */
function groupColumns(
  progress: Progress,
  column: (name: string, group: GroupView | undefined, progress: Progress) => readonly Span[],
): Span[] {
  const names = namesOf(progress);
  return (["stable", "candidate"] as const)
    .map((role) => column(names[role], find(progress, role), progress))
    .flatMap((spans) => {
      const used = spans.reduce((sum, { text }) => sum + text.length, 0);
      return spans.concat(span(" ".repeat(Math.max(1, COLUMN - used))));
    });
}

function find(
  { groups, cluster, ...progress }: Progress,
  role: "stable" | "candidate",
): GroupView | undefined {
  const name = progress[role];
  return groups.find(
    (group) => name !== undefined && shortName(group.name, cluster) === shortName(name, cluster),
  );
}

function trafficOf(name: string, group: GroupView | undefined, { shares }: Progress): readonly Span[] {
  const share = group === undefined ? 0 : (shares[group.name] ?? 0);
  const tone = share > 0 ? "good" : "faint";
  return [span(`${name} `), span(bar(share / 100), tone), span(`${String(share).padStart(4)} %`)];
}

function instancesOf(name: string, group: GroupView | undefined): readonly Span[] {
  const tone: Tone = group?.problem !== undefined ? "bad" : group ? "plain" : "faint";
  return [span(`${name} `), span(health(group), tone)];
}

function loadOf({ load }: Scene): Span[] {
  const { perSecond, sent, failed, p99 } = load;
  return [
    span(`${count(perSecond)} req/s · ${count(sent)} sent · `),
    span(`${count(failed)} failed`, failed > 0 ? "bad" : "good"),
    span(` · p99 ${Math.ceil(p99)} ms`),
  ];
}

function illAnswers({ load: { sick }, progress }: Scene): readonly Line[] {
  if (sick === 0) return [];
  const text = `${count(sick)} errors by ${namesOf(progress).candidate} itself, not among the failed`;
  return [labelled("ill answers", span(text, "bad"))];
}

function crashOf({ at, resumed }: Crash, { progress }: Scene): Span[] {
  const killed = span(`killed (SIGKILL) at ${clock(at - (progress.startedAt ?? at))}`, "bad");
  return resumed
    ? [killed, span(` · resumed by pid ${resumed.pid} after ${seconds(resumed.at - at)}`)]
    : [killed, span(" · the service goes on without it")];
}

/** Why the candidate is not healthy, and then why there is no other way than back. */
function troubles({ turned, cluster, groups }: Progress): readonly Line[] {
  const problem = groups.find(({ role }) => role === "candidate")?.problem;
  const [label, text] = turned === undefined ? ["problem", problem] : ["turned back", turned];
  if (text === undefined) return [];
  const lines = fold(shortNames(text, cluster), " ", WIDTH - LABEL - 2);
  return lines.map((line, n) => labelled(n === 0 ? label : "", span(line, "bad")));
}

function footer({ progress, remark }: Scene): Line {
  if (remark !== undefined) return [span(`  ${remark}`, "busy")];
  if (progress.outcome !== undefined) return BLANK;
  const pause = progress.pausedAt === undefined ? "p pause" : "p go on";
  if (progress.turned !== undefined) return [span(`  on the way back    ${pause}`, "faint")];
  const { stable, candidate } = namesOf(progress);
  const abort = `a abort (way back: traffic to ${stable}, remove ${candidate})`;
  return [span(`  ${abort}    ${pause}    n promote now`, "faint")];
}
