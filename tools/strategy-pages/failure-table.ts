import type { Strategy } from "@gennaker/core";
import { type Ending, FAILURES, letHappen } from "./failures.ts";
import { markdownTable } from "./option-table.ts";

const OUTCOMES = {
  succeeded: "succeeded",
  "rolled-back": "rolled back",
  cancelled: "cancelled",
  failed: "failed",
} as const;

/** A table of phases and failures: how each ends, and what is there then. */
export async function failureTable(strategy: Strategy, phases: readonly string[]): Promise<string> {
  const ends: string[] = [];
  const rows: string[][] = [];
  for (const phase of phases) {
    const row = [phase];
    for (const failure of FAILURES) row.push(cell(await letHappen(strategy, phase, failure), ends));
    rows.push(row);
  }
  return [
    markdownTable(["in phase", ...FAILURES], rows),
    "",
    ...ends.map((end, index) => `${letter(index)} ${end}${index + 1 < ends.length ? "  " : ""}`),
  ].join("\n");
}

function cell(ending: Ending | undefined, ends: string[]): string {
  if (!ending) return "·";
  const end = ending.groups.map(describe).join("; ");
  const known = ends.indexOf(end);
  const index = known < 0 ? ends.push(end) - 1 : known;
  return `${OUTCOMES[ending.outcome]} ${letter(index)}`;
}

function describe({ name, desired, healthy, share }: Ending["groups"][number]): string {
  const version = name.replace("shop-api-", "");
  const size =
    healthy === desired ? `${desired} instances` : `${desired} instances, ${healthy} of them healthy`;
  return `${version}: ${size}, ${share} % of the traffic`;
}

function letter(index: number): string {
  return String.fromCodePoint("Ⓐ".codePointAt(0)! + index);
}
