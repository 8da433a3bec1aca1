// A timeline as SVG: instances as stacked areas, traffic as a line. No background, and colours that can be read on white
// and on black; a dark scheme gets lighter ones.
import { formatDuration } from "@gennaker/core";
import type { Span, TimedPhase } from "./timeline.ts";

const LEFT = 92;
const RIGHT = 24;
const SIZES = { top: 44, height: 110 } as const;
const SHARES = { top: 186, height: 60 } as const;
const BOTTOM = SHARES.top + SHARES.height;
// About as wide as a letter of the text.
const CHARACTER = 7;
const LEGEND_END = 720;

const STYLE = `
    text { font: 12px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #6e7781 }
    .name { font-weight: 600; }
    .stable { fill: #8c9bb0 } .ready { fill: #2f9e5b } .booting { fill: #2f9e5b; opacity: .35 }
    .compared { fill: #4a7bd0 } .comparing { fill: #4a7bd0; opacity: .35 }
    .share { fill: none; stroke: #d9731a; stroke-width: 2.5; stroke-linejoin: round } .ask { fill: #d9731a }
    .rule { stroke: #8c959f; stroke-width: 1; opacity: .45 } .dash { stroke-dasharray: 3 3 }
    @media (prefers-color-scheme: dark) {
      text { fill: #9ea7b3 } .name { fill: #e6edf3 }
      .stable { fill: #6b7a90 } .ready, .booting { fill: #3fb56b } .compared, .comparing { fill: #6c9cf0 } .share { stroke: #f0933c } .ask { fill: #f0933c }
    }`;

interface Placed extends TimedPhase {
  readonly x: number;
  readonly readyX: number;
  readonly endX: number;
}

/** Draws the phases of a strategy; `title` is what a screen reader says. */
export function draw(title: string, phases: readonly TimedPhase[]): string {
  const placed = place(phases);
  const width = Math.max(placed.at(-1)?.endX ?? LEFT, LEGEND_END) + RIGHT;
  const most = Math.max(...placed.flatMap(({ work, hold }) => [total(work), total(hold)]));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${BOTTOM + 62}" width="${width}" role="img" aria-labelledby="title">`,
    `  <title id="title">${escape(title)}</title>`,
    `  <style>${STYLE}\n  </style>`,
    ...axes(placed, most),
    ...placed.flatMap((phase) => areas(phase, most)),
    `  <path class="share" d="${sharePath(placed)}"/>`,
    ...placed.flatMap(labels),
    ...legend(placed.some(({ hold }) => hold.compared > 0)),
    `</svg>`,
    ``,
  ].join("\n");
}

// Seconds beside hours: widths tell what takes longer, not how much longer. A name needs its room.
function place(phases: readonly TimedPhase[]): readonly Placed[] {
  let x = LEFT;
  return phases.map((phase) => {
    const work = stretch(phase.work);
    const hold = stretch(phase.hold);
    const words = [phase.name, phase.asks ?? "", formatDuration(phase.hold.toMs)];
    const room = Math.max(...words.map(({ length }) => length)) * CHARACTER + 18;
    const spare = Math.max(0, room - work - hold);
    const from = x;
    x = Math.round(from + work + hold + spare);
    const share = work + hold > 0 ? work / (work + hold) : 0.5;
    return { ...phase, x: from, readyX: Math.round(from + work + spare * share), endX: x };
  });
}

function stretch({ fromMs, toMs }: Span): number {
  const seconds = (toMs - fromMs) / 1000;
  return seconds < 1 ? 0 : 10 * Math.log2(1 + seconds);
}

function total({ stable, compared, comparing, ready, booting }: Span): number {
  return stable + compared + comparing + ready + booting;
}

function axes(placed: readonly Placed[], most: number): readonly string[] {
  const end = placed.at(-1)?.endX ?? LEFT;
  const bounds = [LEFT, ...placed.map(({ endX }) => endX)];
  return [
    label(LEFT - 10, SIZES.top + 10, `${most} instances`, "end"),
    label(LEFT - 10, SIZES.top + SIZES.height, "0", "end"),
    label(LEFT - 10, SHARES.top + 9, "100 % traffic", "end"),
    label(LEFT - 10, BOTTOM, "0 %", "end"),
    rule(LEFT, SIZES.top + SIZES.height, end, SIZES.top + SIZES.height),
    rule(LEFT, SHARES.top, end, SHARES.top, "rule dash"),
    rule(LEFT, BOTTOM, end, BOTTOM),
    ...bounds.map((x) => rule(x, SIZES.top - 12, x, BOTTOM + 6, "rule dash")),
  ];
}

function areas({ x, readyX, endX, work, hold }: Placed, most: number): readonly string[] {
  return [...bars(x, readyX, work, most), ...bars(readyX, endX, hold, most)];
}

// Stable below, candidates above, what they are compared with in between.
const STACKED = ["stable", "compared", "comparing", "ready", "booting"] as const;

function bars(from: number, to: number, span: Span, most: number): readonly string[] {
  if (to <= from) return [];
  let below = 0;
  const parts = STACKED.map((kind) => [kind, span[kind]] as const);
  return parts.flatMap(([kind, count]) => {
    if (count === 0) return [];
    const y = SIZES.top + SIZES.height * (1 - (below + count) / most);
    below += count;
    const height = (SIZES.height * count) / most;
    return [
      `  <rect class="${kind}" x="${from}" y="${round(y)}" width="${to - from}" height="${round(height)}"/>`,
    ];
  });
}

function sharePath(placed: readonly Placed[]): string {
  const points = placed.flatMap(({ x, readyX, endX, work, hold }) => [
    [x, work.share],
    [readyX, work.share],
    [readyX, hold.share],
    [endX, hold.share],
  ]);
  return points
    .map(
      ([x, share], index) =>
        `${index === 0 ? "M" : "L"}${x} ${round(BOTTOM - (SHARES.height * (share ?? 0)) / 100)}`,
    )
    .join(" ");
}

function labels(phase: Placed, index: number): readonly string[] {
  const middle = (phase.x + phase.endX) / 2;
  const { asks } = phase;
  return [
    `  <text class="name" x="${round(middle)}" y="20" text-anchor="middle">${escape(phase.name)}</text>`,
    ...(asks
      ? [
          `  <text class="ask" x="${round(middle)}" y="${SHARES.top - 14}" text-anchor="middle">${escape(asks)}</text>`,
        ]
      : []),
    ...(index === 0 ? [label(phase.x, BOTTOM + 20, "0", "middle")] : []),
    ...(phase.hold.toMs - phase.work.fromMs >= 1000
      ? [label(phase.endX, BOTTOM + 20, formatDuration(phase.hold.toMs), "middle")]
      : []),
  ];
}

function legend(hasBaseline: boolean): readonly string[] {
  const y = BOTTOM + 50;
  const baseline = [["compared", "baseline"]] as const;
  const entries = [
    ["stable", "stable"],
    ...(hasBaseline ? baseline : []),
    ["booting", "candidate, starting"],
    ["ready", "candidate, healthy"],
  ] as const;
  let x = LEFT;
  const boxes = entries.flatMap(([kind, text]) => {
    const from = x;
    x += 24 + text.length * CHARACTER;
    return [
      `  <rect class="${kind}" x="${round(from)}" y="${y - 10}" width="12" height="12"/>`,
      label(from + 17, y, text),
    ];
  });
  return [
    ...boxes,
    `  <path class="share" d="M${round(x)} ${y - 4} h16"/>`,
    label(x + 22, y, "the candidate's part of the traffic"),
  ];
}

function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end" = "start"): string {
  const aligned = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `  <text x="${round(x)}" y="${y}"${aligned}>${escape(text)}</text>`;
}

function rule(x1: number, y1: number, x2: number, y2: number, kind = "rule"): string {
  return `  <line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
