import type { Span, TimedPhase, TimedStage, Timeline } from "../../machine/history/timeline.ts";
import { formatDuration } from "../../model/duration.ts";
import { shorten } from "../../model/flowchart.ts";
import { STYLE } from "./gantt-style.ts";
import { element, svgText } from "./svg.ts";
import { ticks } from "./ticks.ts";

const WIDTH = 960;
const LEFT = 200;
const RIGHT = 96;
const TOP = 76;
const ROW = 30;
const PHASE_ROW = 17;
const BAR = 16;
const PHASE_BAR = 9;
const FOOT = 44;
// What took no time at all is still to be seen.
const LEAST = 3;

/** A run as a picture: stages as rows, phases of rollouts below them, waits hatched, every attempt visible. SVG, whole. */
export function gantt(run: Timeline): string {
  const rows = placeRows(run.stages);
  const height = TOP + rows.reduce((sum, { height: own }) => sum + own, 0) + FOOT;
  const scale = scaleOf(run);
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${WIDTH} ${height}`,
    width: WIDTH,
    height,
    role: "img",
    "font-family": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
  };
  const content = [
    element("title", {}, svgText(titleOf(run))),
    STYLE,
    element("rect", { class: "page", x: 0.5, y: 0.5, width: WIDTH - 1, height: height - 1, rx: 8 }),
    header(run),
    axis(run, scale, height),
    ...rows.map((row) => drawStage(row, scale)),
    legend(height - 16),
  ];
  return `${element("svg", root, `\n${content.join("\n")}\n`)}\n`;
}

type Scale = (instant: number) => number;

interface Row {
  readonly stage: TimedStage;
  readonly y: number;
  readonly height: number;
}

function placeRows(stages: readonly TimedStage[]): readonly Row[] {
  let y = TOP;
  return stages.map((stage) => {
    const height = ROW + stage.phases.length * PHASE_ROW + (stage.phases.length > 0 ? 4 : 0);
    const row = { stage, y, height };
    y += height;
    return row;
  });
}

function scaleOf({ from, to }: Span): Scale {
  const perMs = (WIDTH - LEFT - RIGHT) / Math.max(1, to - from);
  return (instant) => LEFT + (Math.min(Math.max(instant, from), to) - from) * perMs;
}

function titleOf({ pipeline, outcome, from, to }: Timeline): string {
  return `${pipeline}: ${outcome ?? "under way"}, ${formatDuration(to - from)}`;
}

function header(run: Timeline): string {
  const began = `${new Date(run.from).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const by = run.actor === undefined ? "" : `${shorten(run.actor, 24)} · `;
  const outcome = run.outcome?.replace("-", " ") ?? "under way";
  const end = `${outcome} · ${formatDuration(run.to - run.from)}`;
  const why = run.outcome === "succeeded" ? undefined : run.reason;
  const words = [
    element("tspan", { class: `strong ink-${run.outcome ?? "running"}` }, svgText(end)),
    ...(why === undefined
      ? []
      : [
          element("title", {}, svgText(why)),
          element("tspan", { class: "dim", dx: 12 }, svgText(shorten(why, 100))),
        ]),
  ];
  return [
    text({ class: "head", x: 20, y: 28 }, shorten(run.pipeline, 50), run.pipeline),
    text({ class: "dim", x: WIDTH - 20, y: 28, "text-anchor": "end" }, `${by}${began}`),
    element("text", { x: 20, y: 47 }, words.join("")),
  ].join("\n");
}

function axis({ from, to }: Timeline, scale: Scale, height: number): string {
  return ticks(to - from)
    .map((ms) => {
      const x = scale(from + ms);
      const label = ms === 0 ? "0" : formatDuration(ms);
      return (
        element("line", { class: "grid", x1: x, x2: x, y1: TOP - 4, y2: height - FOOT + 4 }) +
        text({ class: "dim small", x, y: TOP - 9, "text-anchor": "middle" }, label)
      );
    })
    .join("\n");
}

function drawStage({ stage, y }: Row, scale: Scale): string {
  const middle = y + ROW / 2;
  const said = `${stage.name} (${stage.type}): ${stage.status}, ${formatDuration(stage.to - stage.from)}`;
  const bars = stage.attempts.map((attempt, index) => {
    const last = index === stage.attempts.length - 1;
    return bar(attempt, middle, BAR, `bar ${attempt.failed && !last ? "failed" : stage.status}`, scale);
  });
  // What lies between attempts is waited through: the hatching needs a ground.
  const ground = stage.attempts.length > 1 ? [bar(stage, middle, BAR, "bar idle", scale)] : [];
  const waits = joined(stage.waits).map((wait) => hatch(wait, middle, BAR, scale));
  const phases = stage.phases.map((phase, index) => drawPhase(phase, y + ROW + index * PHASE_ROW, scale));
  return element(
    "g",
    {},
    [
      element("title", {}, svgText(said)),
      text({ class: "name", x: 20, y: middle + 4 }, shorten(stage.name, 24)),
      ...ground,
      ...bars,
      ...waits,
      text({ class: "small dim", x: scale(stage.to) + 6, y: middle + 4 }, afterBar(stage)),
      ...phases,
    ].join("\n"),
  );
}

function afterBar({ from, to, attempts, status }: TimedStage): string {
  const tries = attempts.length > 1 ? `${attempts.length} tries` : undefined;
  const came = status === "succeeded" || status === "running" ? undefined : MARK[status];
  return [came, formatDuration(to - from), tries].filter((part) => part !== undefined).join(" · ");
}

const MARK = { failed: "✖", "rolled-back": "↩", cancelled: "—" } as const;

function drawPhase(phase: TimedPhase, y: number, scale: Scale): string {
  const { name, direction, reachedAt, from, to } = phase;
  const middle = y + PHASE_ROW / 2;
  const hold = reachedAt === undefined ? "" : hatch({ from: reachedAt, to }, middle, PHASE_BAR, scale);
  return element(
    "g",
    {},
    [
      element(
        "title",
        {},
        svgText(`${name}${direction === "back" ? " (way back)" : ""}: ${formatDuration(to - from)}`),
      ),
      text(
        { class: "small dim", x: 36, y: middle + 4 },
        shorten(`${direction === "back" ? "↩ " : ""}${name}`, 26),
      ),
      bar(phase, middle, PHASE_BAR, `phase ${direction}`, scale),
      hold,
    ].join("\n"),
  );
}

function bar({ from, to }: Span, middle: number, height: number, look: string, scale: Scale): string {
  const x = scale(from);
  const width = Math.max(LEAST, scale(to) - x);
  return element("rect", {
    class: look,
    x,
    y: middle - height / 2,
    width,
    height,
    rx: Math.min(3, width / 2),
  });
}

// Too short to be seen, it would only hide what is below it.
function hatch(wait: Span, middle: number, height: number, scale: Scale): string {
  return scale(wait.to) - scale(wait.from) < LEAST ? "" : bar(wait, middle, height, "wait", scale);
}

/** Spans in order of their beginning, those that overlap as one. */
function joined(spans: readonly Span[]): readonly Span[] {
  const whole: Span[] = [];
  for (const { from, to } of spans) {
    const last = whole.at(-1);
    if (last && from <= last.to) whole[whole.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else whole.push({ from, to });
  }
  return whole;
}

function text(
  attributes: Readonly<Record<string, string | number>>,
  said: string,
  full: string = said,
): string {
  const title = full === said ? "" : element("title", {}, svgText(full));
  return element("text", attributes, `${title}${svgText(said)}`);
}

const LEGEND = [
  ["bar succeeded", "worked"],
  ["bar failed", "failed"],
  ["bar rolled-back", "rolled back"],
  ["phase forward", "phase"],
  ["phase back", "way back"],
  ["wait", "waited"],
] as const;

function legend(y: number): string {
  return LEGEND.map(([look, word], index) => {
    const x = 20 + index * 104;
    const swatch = { x, y: y - 9, width: 14, height: 10, rx: 2 };
    const ground = look === "wait" ? element("rect", { class: "bar running", ...swatch }) : "";
    return `${ground}${element("rect", { class: look, ...swatch })}${text({ class: "small dim", x: x + 20, y }, word)}`;
  }).join("\n");
}
