// Logs of whole runs, recorded from simulated ones. They are never recorded anew: a log that was written once must lead
// to the same run for ever. A new kind of event gets another file beside them.
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { viewRun } from "../../src/engine/run-view.ts";
import type { RunView } from "../../src/index.ts";
import { replay } from "../../src/machine/run/advance.ts";
import { decideRun } from "../../src/machine/run/decide.ts";
import type { Event } from "../../src/machine/events.ts";

interface Golden {
  readonly events: readonly Event[];
  readonly view: RunView;
}

const FOLDER = new URL("golden/", import.meta.url);
const read = (file: string): Golden => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Golden;
const YEARS = 10 * 365 * 86_400_000;

// What the log's format has, as it is written down; so that a new kind of event asks for a log of its own.
const CATALOGUE = new URL("../../src/machine/events.ts", import.meta.url);

it("has a log with every kind of event", () => {
  const map = readFileSync(CATALOGUE, "utf8").split("export interface EventMap {")[1] ?? "";
  const kinds = [...map.matchAll(/^ {2}"([a-z-]+)":/gm)].map(([, kind]) => kind);
  const seen = new Set(readdirSync(FOLDER).flatMap((file) => read(file).events.map(({ type }) => type)));
  expect(kinds.length).toBeGreaterThan(50);
  expect(kinds.filter((kind) => !seen.has(kind as Event["type"]))).toEqual([]);
});

for (const file of readdirSync(FOLDER)) {
  it(`shows the run in ${file} as it was shown when it was recorded`, () => {
    const { events, view } = read(file);
    const state = replay(view.id, events);
    expect(viewRun(state)).toEqual(view);
  });

  it(`decides nothing more about the run in ${file}, however long ago it was`, () => {
    const { events, view } = read(file);
    const state = replay(view.id, events);
    expect(decideRun(state, (view.finishedAt ?? 0) + YEARS)).toEqual({ events: [], issue: [] });
  });

  it(`shows the run in ${file} as over after each end, and not before or when it was retried since`, () => {
    const { events, view } = read(file);
    for (let seq = 1; seq <= events.length; seq += 1) {
      const told = events.slice(0, seq);
      const last = told.findLast(({ type }) => type === "run-finished" || type === "run-retried");
      const shown = viewRun(replay(view.id, told));
      expect(shown.finishedAt !== undefined).toBe(last?.type === "run-finished");
    }
    expect(viewRun(replay(view.id, events)).status).toBe(view.status);
  });
}
