import type { Trial } from "./trial.ts";

/** One promise of the engine port, and how it is tried. */
export interface Case {
  /** `capability > what holds`. */
  readonly name: string;
  readonly run: (trial: Trial) => Promise<void>;
}

/** Cases of one capability. */
export function capability(name: string, cases: Readonly<Record<string, Case["run"]>>): readonly Case[] {
  return Object.entries(cases).map(([what, run]) => ({ name: `${name} > ${what}`, run }));
}

/**
 * What must hold when the log is opened again, as after a crash. Where the log ends with its process, that is what is
 * tried: another engine must know nothing.
 */
export function surviving(
  before: (trial: Trial) => Promise<void>,
  after: (successor: Trial, former: Trial) => Promise<void>,
): Case["run"] {
  return async (trial) => {
    await before(trial);
    await trial.settle();
    const successor = await trial.succeed();
    if (successor) await after(successor, trial);
    else await trial.isGoneWithItsProcess();
  };
}
