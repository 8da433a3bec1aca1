import { readFileSync } from "node:fs";
import type { Strategy } from "@gennaker/core";
import { fill } from "./blocks.ts";
import { draw } from "./drawing.ts";
import { failureTable } from "./failure-table.ts";
import { OptionDocs, optionTable } from "./option-table.ts";
import { planOf } from "./plan.ts";
import { SIZE, type Subject, SUBJECTS } from "./subjects.ts";
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

async function page(
  { name, factory, options, shown }: Subject,
  docs: OptionDocs,
): Promise<readonly (readonly [string, string])[]> {
  const file = `${FOLDER}/${name}.md`;
  const image = `images/${name}.svg`;
  const { text, rollout } = await planOf(shown);
  const code = codeOf(factory, shown);
  const title = `${code}, ${SIZE} instances`;
  const timeline = [
    `\`${code}\`, ${SIZE} instances, an instance boots in 30 s. Widths are not to scale.`,
    "",
    `![Instances and traffic in each phase](${image})`,
    "",
    "`delivery.plan` says the same:",
    "",
    "```text",
    text,
    "```",
  ].join("\n");
  const phases = shown.rollout(SITUATION).phases.map((phase) => phase.name);
  const blocks = {
    summary: docs.says(factory),
    timeline,
    options: optionTable(docs.of(options)),
    failures: await failureTable(shown, phases),
  };
  return [
    [`${FOLDER}/${image}`, draw(title, timelineOf(rollout))],
    [file, fill(readFileSync(file, "utf8"), file, blocks)],
  ];
}

/** What the pages' strategies find. */
export const SITUATION: Parameters<Strategy["rollout"]>[0] = {
  stable: { name: "shop-api-v001", desired: SIZE, healthy: SIZE, share: 100 },
  others: [],
  size: SIZE,
  traffic: "weighted",
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
