/** A box of a flowchart. */
export interface FlowNode {
  /** Lines of its label, as they are: escaping is done here. */
  readonly lines: readonly string[];
  /** One of the classes below. */
  readonly look?: FlowLook;
  /** Indexes of the boxes that lead here. */
  readonly after: readonly number[];
  readonly shape?: "box" | "question" | "rounded";
}

/** How a box looks: by what came of it. */
export type FlowLook = "waiting" | "running" | "asking" | "succeeded" | "failed" | "back" | "stopped";

// Every class names both its ground and its ink, so that it can be read on a light page and on a dark one.
const LOOKS: Readonly<Record<FlowLook, string>> = {
  waiting: "fill:#e5e7eb,stroke:#6b7280,color:#1f2937",
  running: "fill:#bfdbfe,stroke:#2563eb,color:#172554,stroke-width:2px",
  asking: "fill:#fde68a,stroke:#b45309,color:#451a03,stroke-width:2px",
  succeeded: "fill:#bbf7d0,stroke:#15803d,color:#052e16",
  failed: "fill:#fecaca,stroke:#b91c1c,color:#450a0a,stroke-width:2px",
  back: "fill:#fed7aa,stroke:#c2410c,color:#431407",
  stopped: "fill:#e5e7eb,stroke:#6b7280,color:#4b5563,stroke-dasharray:4 3",
};

const LINE_MAX = 60;

/** A Mermaid flowchart, left to right; without nodes, an empty one. Text in, text out: it needs no Mermaid. */
export function flowchart(nodes: readonly FlowNode[]): string {
  const used = new Set(nodes.flatMap(({ look }) => (look ? [look] : [])));
  return [
    "flowchart LR",
    ...nodes.map((node, index) => `  s${index}${box(node)}`),
    ...nodes.flatMap(({ after }, index) => after.map((from) => `  s${from} --> s${index}`)),
    ...[...used].map((look) => `  classDef ${look} ${LOOKS[look]}`),
    ...nodes.flatMap(({ look }, index) => (look ? [`  class s${index} ${look}`] : [])),
    "",
  ].join("\n");
}

function box({ lines, shape = "box" }: FlowNode): string {
  // Mermaid drops a `;` somewhere after `style` and `:`, unless white space comes between.
  const label = `"${lines
    .map((line) => flowText(shorten(line)))
    .join("<br/>")
    .replaceAll(/:(?=\S*#)/g, "#58;")}"`;
  if (shape === "question") return `{{${label}}}`;
  return shape === "rounded" ? `(${label})` : `[${label}]`;
}

/**
 * Text as it may stand in a Mermaid label. Whatever has a meaning there (quotes, brackets, `#`, `;`, backticks,
 * HTML) goes in by its number; letters and signs of all scripts stay.
 */
function flowText(text: string): string {
  return text
    .replaceAll(/\s+/gu, " ")
    .trim()
    .replaceAll(/(?!\u200d)\p{C}/gu, "")
    .replaceAll(
      /[^\p{L}\p{M}\p{N}\p{Extended_Pictographic}\u200d ,.:?!=+/_·✔✖○●↩↺—–…%-]/gu,
      (sign) => `#${sign.codePointAt(0)};`,
    );
}

/** At most so many characters as a box holds; whole ones. */
export function shorten(text: string, most: number = LINE_MAX): string {
  const signs = Array.from(text);
  return signs.length <= most ? text : `${signs.slice(0, most - 1).join("")}…`;
}
