import type { ServerGroup } from "../../model/cluster.ts";
import type { RolloutCommand } from "../events.ts";
import { awaitBaseline, dropBaseline, growBaseline, spareBaseline } from "./baseline.ts";
import { formerShares } from "./home.ts";
import { isBaseline } from "./roles.ts";
import { sharesMatch } from "./serving.ts";
import { byName, isLost, type Sight } from "./sight.ts";
import { need, sizeOf } from "./size.ts";

/** What is missing for a want to be met: something to say, or something to wait for. */
export type Step =
  | {
      readonly say: RolloutCommand;
      /** Said even while the rollout stands still: it saves requests. */
      readonly urgent?: true;
    }
  | { readonly wait: "candidate" | "baseline" | "health" | "guard"; readonly why: string };

/** Looks at one side of a want; undefined: nothing is missing there. */
export type StepRule = (sight: Sight) => Step | undefined;

const scale = (group: ServerGroup, size: number): Step => ({
  say: { do: "scale-group", group: group.name, size },
});

/** How many instances the want asks of the candidate. */
export function wantedCandidate({ want, state }: Sight): number {
  return typeof want.candidate === "number" ? sizeOf(state.size, want.candidate) : 0;
}

function wantedStable({ want, state }: Sight): number | undefined {
  return typeof want.stable === "number" ? sizeOf(state.stableSize, want.stable) : undefined;
}

/** Stable up to what it should have. More than that is an autoscaler's affair. */
const growStable: StepRule = (sight) => {
  const { stable } = sight;
  const size = wantedStable(sight) ?? 0;
  return stable && stable.desired < size ? scale(stable, size) : undefined;
};

/** The candidate created or scaled up. More than that is an autoscaler's affair. */
const growCandidate: StepRule = (sight) => {
  const { candidate, state } = sight;
  const size = wantedCandidate(sight);
  if (typeof sight.want.candidate !== "number") return undefined;
  if (candidate) return candidate.desired < size ? scale(candidate, size) : undefined;
  if (state.direction === "back") return undefined;
  return state.candidate === undefined
    ? { say: { do: "create-group", key: state.planned.key, size } }
    : { wait: "candidate", why: `${state.candidate} is gone` };
};

/** On the way out, nothing follows before the candidate is healthy. The way back does not wait: any help is help. */
const awaitHealth: StepRule = (sight) => {
  const { candidate, state } = sight;
  const needed = need(wantedCandidate(sight), state.planned.rollout.minHealthy);
  if (state.direction === "back" || !candidate || candidate.healthy >= needed) return undefined;
  return {
    wait: "health",
    why: candidate.problem?.message ?? `${candidate.healthy} of ${needed} instances healthy`,
  };
};

/** Traffic to where it belongs. On the way back it may stay with the candidate for the time being. */
const moveTraffic: StepRule = (sight) => {
  const { want, world, state } = sight;
  if (!want.traffic) return undefined;
  const back = state.direction === "back";
  const shares = back ? sight.rules.home(sight) : byName(sight, want.traffic);
  const there = (wanted: Readonly<Record<string, number>>): boolean =>
    sharesMatch(world.groups, wanted, state.planned.traffic);
  if (!there(shares)) return { say: { do: "set-traffic", shares } };
  return !back || isLost(sight) || there(formerShares(sight))
    ? undefined
    : { wait: "guard", why: `${sight.stable?.name} has no healthy instance` };
};

/** Groups down to less; only what the strategy means to be smaller, never an autoscaler's surplus. */
const shrink: StepRule = (sight) => {
  const { stable, candidate, want, state } = sight;
  if (candidate && want.candidate === 0 && candidate.desired > 0) return scale(candidate, 0);
  const size = wantedStable(sight);
  if (!stable || size === undefined || size >= state.stableSize || stable.desired <= size) return undefined;
  return size > 0 && state.metOnce ? undefined : scale(stable, size);
};

/** Groups whose end has come. */
const destroy: StepRule = ({ stable, candidate, want }) => {
  const gone = (want.stable === "gone" && stable) || (want.candidate === "gone" && candidate);
  return gone ? { say: { do: "destroy-group", group: gone.name } } : undefined;
};

/** Older groups: baselines that were left go, the newest stay warm, the next stay without instances, the rest goes. */
const prune: StepRule = ({ others, candidate, want }) => {
  if (!want.others || !candidate) return undefined;
  const { warm, keep } = want.others;
  const idle = others.filter((group) => group.sequence < candidate.sequence && group.share === 0);
  const comparison = idle.find(isBaseline);
  if (comparison) return { say: { do: "destroy-group", group: comparison.name } };
  const older = idle.filter((group) => !isBaseline(group));
  const cold = older.slice(warm, keep).find((group) => group.desired > 0);
  if (cold) return scale(cold, 0);
  const end = older.slice(keep).at(-1);
  return end ? { say: { do: "destroy-group", group: end.name } } : undefined;
};

/** The one order of every want: grow, healthy, traffic, shrink, destroy. Before all, no traffic stays at an ill baseline. */
export const ORDER: readonly StepRule[] = [
  spareBaseline,
  growStable,
  growCandidate,
  growBaseline,
  awaitHealth,
  awaitBaseline,
  moveTraffic,
  shrink,
  destroy,
  dropBaseline,
  prune,
];
