import { readFileSync } from "node:fs";
import type { Event } from "@gennaker/core";

/** The events of a rollout of the demo as a log had them; instants count from its beginning. */
export function recordedEvents(name: "well" | "bad" | "sick"): readonly Event[] {
  const text = readFileSync(new URL(`./recorded/${name}.ndjson`, import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
}
