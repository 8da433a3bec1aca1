import { readFileSync } from "node:fs";
import type { Strategy, TrafficMode } from "@gennaker/core";
import { fill } from "./blocks.ts";
import { draw } from "./drawing.ts";
import { failureTable } from "./failure-table.ts";
import { OptionDocs, optionTable } from "./option-table.ts";
import { planOf } from "./plan.ts";
import { SIZE, type Subject, SUBJECTS, TRAFFIC } from "./subjects.ts";
import { timelineOf } from "./timeline.ts";

/** Where the pages are. */
const FOLDER = "docs/strategies";

/** Every file that is generated, or generated in part, as it should be. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const docs = new OptionDocs();
  const files = new Map<string, string>();
  for (const subject of SUBJECTS) for (const [file, text] of await page(subject, docs)) files.set(file, text);
  return files;
}

type GeneratedFile = readonly [file: string, text: string];

async function page({ name, factory, options, shown }: Subject, docs: OptionDocs): Promise<GeneratedFile[]> {
  const file = `${FOLDER}/${name}.md`;
  const code = codeOf(factory, shown);
  const weighted = await pictureOf(name, code, shown, TRAFFIC);
  const parts = dividesInstances(shown) ? await pictureOf(name, code, shown, "proportional") : undefined;
  const phases = shown.rollout(SITUATION).phases.map((phase) => phase.name);
  const blocks = {
    summary: docs.says(factory),
    timeline: weighted.text,
    ...(parts && { proportional: parts.text }),
    options: optionTable(docs.of(options)),
    failures: await failureTable(shown, phases),
  };
  return [
    weighted.image,
    ...(parts ? [parts.image] : []),
    [file, fill(readFileSync(file, "utf8"), file, blocks)],
  ];
}

// Whoever moves traffic in parts moves instances where shares follow their numbers.
function dividesInstances({ modes }: Strategy): boolean {
  return modes.includes("proportional") && !modes.includes("switch");
}

async function pictureOf(
  name: string,
  code: string,
  strategy: Strategy,
  traffic: TrafficMode,
): Promise<{ readonly image: GeneratedFile; readonly text: string }> {
  const image = `images/${name}${traffic === TRAFFIC ? "" : `-${traffic}`}.svg`;
  const { text, rollout } = await planOf(strategy, traffic);
  const drawn = draw(`${code}, ${SIZE} instances, ${traffic} traffic`, timelineOf(rollout));
  const said = [
    `\`${code}\`, ${SIZE} instances, an instance boots in 30 s. Widths are not to scale.`,
    "",
    `![Instances and traffic in each phase](${image})`,
    "",
    "`delivery.plan` says the same:",
    "",
    "```text",
    text,
    "```",
  ];
  return { image: [`${FOLDER}/${image}`, drawn], text: said.join("\n") };
}

/** What the pages' strategies find. */
export const SITUATION: Parameters<Strategy["rollout"]>[0] = {
  stable: { name: "shop-api-v001", desired: SIZE, healthy: SIZE, share: 100 },
  others: [],
  size: SIZE,
  traffic: TRAFFIC,
};

function codeOf(factory: string, { options }: Strategy): string {
  return `${factory}(${literal(options)})`;
}

// JSON as one writes it in a program.
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, field]) => `${name}: ${literal(field)}`)
    .join(", ")} }`;
}
