import type { Random } from "../cloud/random.ts";

// Some kills hit a process that has only just begun, some one that is far on its way.
const SPANS = [5, 20, 80] as const;

/** Says, point by point, whether the process is killed there: `crashes` times in all. */
export function seededKills(crashes: number, chance: Random): () => boolean {
  const gap = (): number => chance.within([1, chance.pick(SPANS)]);
  let left = crashes;
  let until = left > 0 ? gap() : Infinity;
  return () => {
    until -= 1;
    if (until > 0) return false;
    left -= 1;
    until = left > 0 ? gap() : Infinity;
    return true;
  };
}
