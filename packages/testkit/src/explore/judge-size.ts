import type { RolloutState } from "@gennaker/core/machine";
import type { ClusterState, ServerGroup } from "@gennaker/core/ports";
import type { Turn } from "./judge-turn.ts";
import type { Brief, Property } from "./properties.ts";
import type { Witness } from "./witness.ts";

/** The instances of stable as long as it is in charge: with traffic, and on the way out. */
export function stableInCharge({ direction }: Witness, seen: ClusterState, { planned }: Brief): number {
  const stable = seen.groups.find(({ name, key }) => name === planned.before?.group && key !== planned.key);
  return direction === "forward" && stable && stable.share > 0 ? stable.desired : 0;
}

/**
 * Judges sizes by the one rule for all strategies: the candidate's full size is what stable had when the rollout began,
 * or the most that it was seen to have while it still had traffic; nothing is asked for beyond, and nothing ends below.
 */
export function judgeSize(turn: Turn, after: RolloutState, brief: Brief): readonly Property[] {
  const now = stableInCharge(turn.witness, turn.seen, brief);
  const most = after.direction === "forward" ? Math.max(turn.witness.most, now) : turn.witness.most;
  const beyond = isBeyond(turn, sizesBy(Math.max(turn.witness.mostSeen, now), brief), brief);
  return beyond || endsBelow(turn, sizesBy(most, brief), brief) ? ["S25"] : [];
}

interface Sizes {
  readonly stable: number;
  readonly full: number;
}

function sizesBy(most: number, { planned }: Brief): Sizes {
  return {
    stable: Math.max(planned.before?.desired ?? 0, most),
    full: typeof planned.sizeRule === "number" ? planned.size : Math.max(planned.size, most),
  };
}

function isBeyond({ command, seen }: Turn, { stable, full }: Sizes, { planned }: Brief): boolean {
  if (command?.do === "create-group") return command.size > full;
  if (command?.do !== "scale-group") return false;
  const group = seen.groups.find(({ name }) => name === command.group);
  return command.size > (group?.key === planned.key ? full : stable);
}

function endsBelow({ events, seen }: Turn, { stable, full }: Sizes, { planned }: Brief): boolean {
  const end = events.find((event) => event.type === "rollout-finished");
  if (end?.outcome === "succeeded") {
    const wanted = planned.rollout.phases.at(-1)?.want.candidate;
    const least = typeof wanted === "number" ? Math.ceil((full * wanted) / 100) : 0;
    return sizeOf(seen.groups.find(({ key }) => key === planned.key)) < least;
  }
  if (end?.outcome !== "rolled-back") return false;
  return (
    sizeOf(seen.groups.find(({ name, key }) => name === planned.before?.group && key !== planned.key)) <
    stable
  );
}

function sizeOf(group: ServerGroup | undefined): number {
  return group?.desired ?? 0;
}
