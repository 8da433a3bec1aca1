import { ConflictError } from "../errors.ts";
import { clusterId, type Cluster, type ClusterState, type ServerGroup } from "../model/cluster.ts";
import { isBaseline, servingGroup } from "../machine/rollout/roles.ts";
import type { Json } from "../model/json.ts";
import type { BootEstimate } from "./boot-history.ts";
import type { Served } from "./undo-history.ts";

/** A release that a cluster could go back to, and what that would cost. */
export interface UndoTarget {
  /** The group that runs it, or ran it. */
  readonly group: string;
  readonly release: Json;
  /**
   * `warm`: its instances run, an undo is one shift of traffic. `cold`: they must boot first. `gone`: the group was
   * destroyed; its release is brought up in a new one.
   */
  readonly state: "warm" | "cold" | "gone";
  readonly healthy: number;
  /** How many instances must be started first. */
  readonly starts: number;
  /** How long that takes by experience; absent when nothing must be started, or nothing is known. */
  readonly boot?: BootEstimate;
  /** The rollout that brought it, when the log knows. */
  readonly served?: { readonly run: string; readonly at: number };
  /** It is newer than what serves, which was brought back: only for an undo of that undo, `to` it by name. */
  readonly newer?: true;
}

/** What an undo goes by: the cluster as it is, and what the log knows of it. */
export interface UndoView {
  readonly world: ClusterState;
  /** The oldest first. */
  readonly history: readonly Served[];
  readonly boot?: BootEstimate;
}

/**
 * Where a cluster could go back to, the newest first: what served before the release that serves now and is another one.
 * Groups that are still there, of which the provider knows the release; then, by the log, releases whose groups are gone.
 * Last, and marked, what is newer, if it had served before an undo. Never a baseline that was left.
 */
export function undoTargets({ world, history, boot }: UndoView): readonly UndoTarget[] {
  const serving = servingGroup(world.groups);
  if (!serving) return [];
  const ranks = new Ranks(history);
  const there = presentTargets(world, serving, ranks);
  const gone = goneTargets(world, serving, history, ranks, there);
  const targets = [...there, ...gone].toSorted(
    (a, b) =>
      Number(a.newer ?? false) - Number(b.newer ?? false) || b.rank - a.rank || b.sequence - a.sequence,
  );
  const known = boot && boot.samples > 0 ? { boot } : {};
  return targets.map(({ rank: _, sequence: __, ...target }) => ({
    ...target,
    ...(target.starts > 0 && known),
  }));
}

/** The target of an undo: the one asked for by its group or its run, or the newest. @throws ConflictError when there is none */
export function undoTarget(
  cluster: Cluster<unknown>,
  targets: readonly UndoTarget[],
  to: string | undefined,
): UndoTarget {
  const target =
    to === undefined
      ? targets.find(({ newer }) => newer !== true)
      : targets.find(({ group, served }) => group === to || served?.run === to);
  if (target) return target;
  const known = targets.map(({ group }) => group).join(", ");
  const could = known === "" ? "nothing else has served there that is known" : `it could go back to ${known}`;
  throw new ConflictError(
    to === undefined
      ? `${clusterId(cluster)} has nothing to go back to: no older group with another release is left, and the log knows of none`
      : `${clusterId(cluster)} cannot go back to ${to}: ${could}`,
  );
}

interface Ranked extends UndoTarget {
  readonly rank: number;
  readonly sequence: number;
}

// When a release first served, as a place in the history. An undo brings something back: that keeps its place.
class Ranks {
  readonly #history: readonly Served[];

  constructor(history: readonly Served[]) {
    this.#history = history;
  }

  /** Undefined: the log does not know the group, or it was there before the log. */
  of(group: string): number | undefined {
    const newest = this.#history.findLastIndex((served) => served.group === group);
    const entry = this.#history[newest];
    if (!entry?.undo) return entry && newest;
    const first = this.#history.findLastIndex(
      (served, index) => index < newest && !served.undo && same(served.release, entry.release),
    );
    return first < 0 ? undefined : first;
  }

  at(rank: number | undefined): Served | undefined {
    return rank === undefined ? undefined : this.#history[rank];
  }
}

function presentTargets({ groups }: ClusterState, serving: ServerGroup, ranks: Ranks): readonly Ranked[] {
  const current = ranks.of(serving.name);
  return groups.flatMap((group) => {
    if (group.share > 0 || isBaseline(group)) return [];
    if (group.release === undefined || same(group.release, serving.release)) return [];
    const rank = ranks.of(group.name);
    const older =
      rank !== undefined && current !== undefined ? rank < current : group.sequence < serving.sequence;
    // A newer group that has never served is a candidate that failed, or is under way.
    if (!older && rank === undefined) return [];
    return [
      {
        group: group.name,
        release: group.release,
        state: group.healthy >= serving.desired ? "warm" : "cold",
        healthy: group.healthy,
        starts: Math.max(0, serving.desired - group.healthy),
        ...servedBy(ranks.at(rank)),
        ...(!older && { newer: true }),
        rank: rank ?? -1,
        sequence: group.sequence,
      },
    ];
  });
}

function goneTargets(
  { groups }: ClusterState,
  serving: ServerGroup,
  history: readonly Served[],
  ranks: Ranks,
  there: readonly UndoTarget[],
): readonly Ranked[] {
  const current = ranks.of(serving.name) ?? (history.at(-1)?.group === serving.name ? 0 : history.length);
  const taken = [serving.release, ...there.map(({ release }) => release)];
  const targets: Ranked[] = [];
  for (let rank = current - 1; rank >= 0; rank -= 1) {
    const served = history[rank];
    if (!served || served.undo || groups.some(({ name }) => name === served.group)) continue;
    if (taken.some((release) => same(release, served.release))) continue;
    taken.push(served.release);
    const { group, release } = served;
    const starts = serving.desired;
    targets.push({
      group,
      release,
      state: "gone",
      healthy: 0,
      starts,
      ...servedBy(served),
      rank,
      sequence: 0,
    });
  }
  return targets;
}

/** The group that serves alone and is, or runs, what an undo is to bring back: then nothing is to be done. */
export function servesAlready(
  { groups }: ClusterState,
  wanted: { readonly group: string | undefined; readonly release: Json },
): string | undefined {
  const [serving, another] = groups.filter(({ share }) => share > 0);
  if (!serving || another) return undefined;
  const is =
    wanted.group === undefined ? same(serving.release, wanted.release) : serving.name === wanted.group;
  return is ? serving.name : undefined;
}

function servedBy(served: Served | undefined): Pick<UndoTarget, "served"> {
  return served ? { served: { run: served.run, at: served.at } } : {};
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
