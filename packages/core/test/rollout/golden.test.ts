// Logs that were written once and must be understood for ever: a file here is added, never changed.
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { evolveRollout, initialRollout } from "../../src/machine/rollout/evolve.ts";
import type { NewEvent } from "../../src/machine/events.ts";

interface Golden {
  readonly log: readonly [NewEvent<"rollout-planned">, ...NewEvent[]];
  readonly state: object;
}

const folder = new URL("golden/", import.meta.url);

it.each(readdirSync(folder))("the log %s still means what it meant", (file) => {
  const { log, state } = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Golden;
  const [planned, ...events] = log;
  const end = events.reduce((each, event) => evolveRollout(each, event), initialRollout(planned));
  // What the machine comes to know later is not in an old file; all that is in it must be as it was.
  expect(JSON.parse(JSON.stringify(end))).toMatchObject(state);
});
