// The baseline: stable's release, started together with the candidate, to compare it with. It never decides a rollout.
import { sharesIn } from "./roles.ts";
import type { Sight } from "./sight.ts";
import { need, sizeOf } from "./size.ts";
import type { StepRule } from "./want.ts";

/** How many instances the want asks of the baseline. */
export function wantedBaseline({ want, state }: Pick<Sight, "want" | "state">): number {
  return typeof want.baseline === "number" ? sizeOf(state.size, want.baseline) : 0;
}

/**
 * An ill baseline's part of the traffic is stable's until it is well: a comparison is not worth failed requests. Where
 * shares follow health, they do that by themselves.
 */
export const spareBaseline: StepRule = (sight) => {
  const { state, stable, baseline } = sight;
  if (state.direction === "back" || state.planned.traffic !== "weighted") return undefined;
  if (!stable || stable.healthy === 0 || !isIll(sight)) return undefined;
  const shares = withoutBaseline(sight);
  if (baseline ? baseline.share === 0 : shares[stable.name] === stable.share) return undefined;
  const say = { do: "set-traffic", shares } as const;
  // With a stable that could not carry it, the part is better where it is.
  const worse = sight.rules.guards.some((guard) => guard(say, sight) !== undefined);
  return worse ? undefined : { say, urgent: true };
};

/** The baseline created or scaled up. More than that is an autoscaler's affair. One that somebody removed stays away. */
export const growBaseline: StepRule = (sight) => {
  const { baseline, state, want } = sight;
  if (state.direction === "back" || typeof want.baseline !== "number" || !state.planned.baseline)
    return undefined;
  const size = wantedBaseline(sight);
  if (baseline)
    return baseline.desired < size ? { say: { do: "scale-group", group: baseline.name, size } } : undefined;
  return state.baselineMade
    ? { wait: "baseline", why: illness(sight) }
    : { say: { do: "create-group", key: state.planned.baseline.key, size, role: "baseline" } };
};

/** Nothing is compared before both are well: no traffic is moved, and the phase is not met. */
export const awaitBaseline: StepRule = (sight) => {
  const { baseline, state, want } = sight;
  if (state.direction === "back" || !baseline || typeof want.baseline !== "number") return undefined;
  const needed = need(wantedBaseline(sight), state.planned.rollout.minHealthy);
  return baseline.healthy >= needed && !isIll(sight) ? undefined : { wait: "baseline", why: illness(sight) };
};

/** Its end, or its instances', once it has no traffic. */
export const dropBaseline: StepRule = ({ baseline, want }) => {
  if (!baseline) return undefined;
  if (want.baseline === "gone") return { say: { do: "destroy-group", group: baseline.name } };
  return want.baseline === 0 && baseline.desired > 0
    ? { say: { do: "scale-group", group: baseline.name, size: 0 } }
    : undefined;
};

/** Whether shares only give an ill baseline's part to stable: nobody else gains, and need not be complete for that. */
export function isSpared(shares: Readonly<Record<string, number>>, sight: Sight): boolean {
  if (!isIll(sight)) return false;
  const spared = withoutBaseline(sight);
  const names = new Set([...Object.keys(shares), ...Object.keys(spared)]);
  return [...names].every((name) => (shares[name] ?? 0) === (spared[name] ?? 0));
}

// It was there and is not any more, or lost health after a phase had counted on it. What it is still growing by is not
// missing, and instances that an autoscaler took away are drift.
function isIll({ baseline, state, stable }: Sight): boolean {
  if (state.direction === "back") return false;
  if (!baseline) return state.baselineMade && (stable?.share ?? 0) > 0;
  const asked = need(baseline.desired, state.planned.rollout.minHealthy);
  return baseline.healthy < Math.max(1, Math.min(state.baselineProved, asked));
}

function withoutBaseline({ stable, baseline, world }: Sight): Readonly<Record<string, number>> {
  const mine = new Set([stable?.name, baseline?.name]);
  const rest = Object.entries(sharesIn(world)).filter(([name]) => !mine.has(name));
  const given = rest.reduce((sum, [, share]) => sum + share, 0);
  return { ...Object.fromEntries(rest), ...(stable && { [stable.name]: Math.max(0, 100 - given) }) };
}

/** What is wrong with it, for people. */
export function illness(sight: Sight): string {
  const { baseline, state } = sight;
  if (!baseline) return "the baseline is gone: it was removed by somebody else";
  const needed = need(wantedBaseline(sight), state.planned.rollout.minHealthy);
  const found = baseline.problem?.message ?? `${baseline.healthy} of ${needed} instances healthy`;
  return `the baseline ${baseline.name} is not healthy (${found})`;
}
