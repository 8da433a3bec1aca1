// A page of its own, in both themes: where a viewer knows no themes, the light one holds.
const LIGHT = `
  .page { fill: #ffffff; stroke: #d1d5db; }
  text { fill: #111827; font-size: 13px; }
  .head { font-size: 16px; font-weight: 600; }
  .strong { font-weight: 600; }
  .name { font-weight: 500; }
  .small { font-size: 11px; }
  .dim { fill: #6b7280; }
  .grid { stroke: #e5e7eb; }
  .bar.succeeded { fill: #22a35a; }
  .bar.running { fill: #3b82f6; }
  .bar.failed { fill: #dc2626; }
  .bar.rolled-back { fill: #ea7317; }
  .bar.cancelled, .bar.idle { fill: #9ca3af; }
  .phase.forward { fill: #60a5fa; }
  .phase.back { fill: #f59e4b; }
  .wait { fill: url(#hatch); }
  .hatch-ground { fill: #ffffff; fill-opacity: 0.5; }
  .hatch-line { stroke: #ffffff; stroke-width: 2.5; }
  .ink-succeeded { fill: #15803d; }
  .ink-running { fill: #1d4ed8; }
  .ink-failed { fill: #b91c1c; }
  .ink-rolled-back { fill: #c2410c; }
  .ink-cancelled { fill: #6b7280; }`;
const DARK = `
  .page { fill: #0d1117; stroke: #30363d; }
  text { fill: #e6edf3; }
  .dim { fill: #9198a1; }
  .grid { stroke: #21262d; }
  .hatch-ground { fill: #0d1117; }
  .hatch-line { stroke: #0d1117; }
  .ink-succeeded { fill: #4ade80; }
  .ink-running { fill: #60a5fa; }
  .ink-failed { fill: #f87171; }
  .ink-rolled-back { fill: #fb923c; }
  .ink-cancelled { fill: #9198a1; }`;

/** How a Gantt looks, and the hatching of what waits. */
export const STYLE: string = `<style>${LIGHT}
  @media (prefers-color-scheme: dark) {${DARK}
  }
</style>
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/><line class="hatch-line" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>`;
