import type { Supports } from "@gennaker/core/ports";
import type { Trial } from "./trial.ts";

/** One promise of the provider port, and how it is tried. */
export interface Case {
  /** `capability > what holds`. */
  readonly name: string;
  readonly run: (trial: Trial) => Promise<void>;
}

/** Cases of one capability. */
export function capability(name: string, cases: Readonly<Record<string, Case["run"]>>): readonly Case[] {
  return Object.entries(cases).map(([what, run]) => ({ name: `${name} > ${what}`, run }));
}

/** What holds depends on what the provider says that it supports: one of the two is always tried. */
export function feature(
  has: (supports: Supports) => boolean,
  { on, off }: { readonly on: Case["run"]; readonly off: Case["run"] },
): Case["run"] {
  return (trial) => (has(trial.provider.supports) ? on(trial) : off(trial));
}
