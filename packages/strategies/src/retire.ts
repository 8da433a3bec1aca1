import { type Duration, parseDuration, type Phase, type Situation, type Want } from "@gennaker/core";
import { CUT_OVER } from "./cut-over.ts";
import { type Check, count, duration } from "./options.ts";

/** What becomes of previous groups once the candidate serves. */
export interface KeepOptions {
  /** How long stable keeps its instances after the soak; nothing can be cancelled any more then. Default `"0s"`. */
  readonly scaleDownDelay?: Duration;
  /** So many previous groups keep their instances, stable counted, for an undo in seconds. Default 0. */
  readonly keepWarm?: number;
  /** So many previous groups remain at all, stable counted; the rest is destroyed. Default 2. */
  readonly keep?: number;
}

/** How each of these options is checked. */
export const KEEP_CHECKS: Record<keyof KeepOptions, Check> = {
  scaleDownDelay: duration,
  keepWarm: count,
  keep: count,
};

/** What is wrong between these options. */
export function checkKept({ keepWarm = 0, keep = 2 }: KeepOptions): readonly string[] {
  return keepWarm > keep
    ? [`keepWarm: ${keepWarm} is more than keep, ${keep} (write keep: ${keepWarm} as well)`]
    : [];
}

/** From the candidate serving all to nothing left to do: warm, retire. There is no way back by cancel any more. */
export function retire(
  options: KeepOptions & { readonly deadline?: Duration },
  situation: Situation,
): readonly Phase[] {
  const delayMs = parseDuration(options.scaleDownDelay ?? 0);
  const common = { deadlineMs: parseDuration(options.deadline ?? "10m"), after: "forward" } as const;
  return [
    ...(delayMs > 0 ? [{ name: "warm", want: CUT_OVER, holdMs: delayMs, ...common }] : []),
    { name: "retire", want: { ...CUT_OVER, ...past(options, situation) }, ...common },
  ];
}

// Stable is the newest of the previous groups; the older ones share what it leaves of both numbers.
function past({ keepWarm = 0, keep = 2 }: KeepOptions, { stable }: Situation): Want {
  if (!stable) return { others: { warm: keepWarm, keep } };
  const others = { warm: Math.max(0, keepWarm - 1), keep: Math.max(0, keep - 1) };
  if (keepWarm > 0) return { others };
  return { stable: keep > 0 ? 0 : "gone", others };
}
