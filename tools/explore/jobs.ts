import type { TrafficMode } from "@gennaker/core";
import type { ExploreOptions, Fault } from "@gennaker/testkit";
import { MUTANTS } from "../../packages/testkit/test/explore-mutants.ts";
import { COMPARING, GATED, STRATEGIES } from "./strategies.ts";

/** One exploration: a strategy in a small world, or a broken frame that must be noticed. */
export type Job =
  | { readonly strategy: string; readonly mode: TrafficMode; readonly options: ExploreOptions }
  | { readonly mutant: string };

/** Everything there is to explore of these strategies, what takes longest first. */
export function jobsOf(names: readonly string[], faults: number | undefined): readonly Job[] {
  const jobs = STRATEGIES.filter(({ name }) => names.includes(name)).flatMap(({ name, modes }) =>
    modes.flatMap((mode) =>
      worldsOf(name, mode, faults).map((options) => ({ strategy: name, mode, options })),
    ),
  );
  const gated = GATED.filter(({ name }) => names.includes(name)).map(({ name }) => ({
    strategy: name,
    mode: "weighted" as const,
    options: { size: 1, faults: faults ?? 2 },
  }));
  return [...jobs, ...gated].toSorted((a, b) => weight(b.options) - weight(a.options));
}

/** The broken frames, drivers and worlds. */
export function mutantJobs(): readonly Job[] {
  return MUTANTS.map(({ without }) => ({ mutant: without }));
}

// What depends on how many there are; commands, crashes and people are explored with fewer.
const IN_THE_WORLD: readonly Fault[] = [
  "instance dies",
  "group never heals",
  "candidate is hopeless",
  "autoscaler",
  "group is deleted",
  "cancel",
];

const AT_ONCE: ReadonlySet<string> = new Set(["red-black", "highlander"]);

function worldsOf(name: string, mode: TrafficMode, faults: number | undefined): readonly ExploreOptions[] {
  if (name !== COMPARING.name) return worlds(name, mode, faults);
  const sizes = ([2, 1] as const).map((size) => ({ size, faults: faults ?? 2 }));
  return [{ size: 3, faults: faults ?? 2, menu: IN_THE_WORLD }, ...sizes];
}

// A third fault makes ten times as many histories, and this command is to take a minute: the smallest world of weighted
// traffic, which is the most general, has it where traffic moves all at once. The tests of the explorer try the rest of it.
function worlds(name: string, mode: TrafficMode, faults: number | undefined): readonly ExploreOptions[] {
  const sizes = ([4, 3, 2, 1] as const).map((size) => {
    const third = size === 1 && mode === "weighted" && AT_ONCE.has(name);
    return { size, faults: faults ?? (third ? 3 : 2) };
  });
  return [
    ...sizes,
    { firstDeploy: true, faults: faults ?? 3 },
    { size: 2, others: "idle", faults: faults ?? 2 },
  ];
}

function weight({ size = 1, faults = 0 }: ExploreOptions): number {
  return size * 10 ** faults;
}
