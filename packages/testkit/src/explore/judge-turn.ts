import type { Phase } from "@gennaker/core";
import type { RolloutState } from "@gennaker/core/machine";
import type { ClusterState, NewEvent, RolloutCommand, ServerGroup } from "@gennaker/core/ports";
import { judgeSize } from "./judge-size.ts";
import { type Brief, need, type Property, timeoutOf } from "./properties.ts";
import type { Witness } from "./witness.ts";
import { sharesOf } from "./world.ts";

/** What a turn of the driver looked at and did. */
export interface Turn {
  readonly witness: Witness;
  readonly seen: ClusterState;
  readonly events: readonly NewEvent[];
  readonly command: RolloutCommand | undefined;
}

/** How many healthy candidates a phase, once left, relied on. */
export function relied({ want }: Phase, size: number, { planned }: Brief): number {
  return typeof want.candidate === "number"
    ? need(Math.ceil((size * want.candidate) / 100), planned.rollout.minHealthy)
    : 0;
}

interface Cast {
  readonly stable: ServerGroup | undefined;
  readonly candidate: ServerGroup | undefined;
}

function cast({ planned }: Brief, seen: ClusterState): Cast {
  const candidate = seen.groups.find((group) => group.key === planned.key);
  // Names may be given again: a candidate that is called as stable was is not stable.
  return {
    candidate,
    stable: seen.groups.find((group) => group.name === planned.before?.group && group !== candidate),
  };
}

/** What percentages are of, and whether the want was met before. */
export interface Measure extends Pick<RolloutState, "size" | "stableSize"> {
  readonly metOnce: boolean;
}

/** Whether a phase's want on the way out is met, by a second reading of what wants mean. */
export function isMet(phase: Phase | undefined, seen: ClusterState, brief: Brief, measure: Measure): boolean {
  const { stable, candidate } = cast(brief, seen);
  const { size, stableSize, metOnce } = measure;
  const { want } = phase ?? {};
  if (!want) return false;
  if (typeof want.candidate === "number") {
    const wanted = Math.ceil((size * want.candidate) / 100);
    if ((candidate?.desired ?? 0) < wanted) return false;
    if ((candidate?.healthy ?? 0) < need(wanted, brief.planned.rollout.minHealthy)) return false;
  }
  if (want.stable === 0 && (stable?.desired ?? 0) > 0) return false;
  if (typeof want.stable === "number" && want.stable > 0 && stable) {
    const wanted = Math.ceil((stableSize * want.stable) / 100);
    if (stable.desired < wanted || (stable.desired > wanted && wanted < stableSize && !metOnce)) return false;
  }
  if (want.stable === "gone" && stable) return false;
  if (want.others && candidate && !isPruned(seen, { stable, candidate }, want.others)) return false;
  if (!want.traffic) return true;
  const wanted = (group: ServerGroup): number =>
    (group === candidate ? want.traffic?.candidate : group === stable ? want.traffic?.stable : 0) ?? 0;
  return seen.groups.every((group) =>
    brief.settings.traffic === "proportional"
      ? wanted(group) > 0 === group.share > 0
      : wanted(group) === group.share,
  );
}

function isPruned(
  { groups }: ClusterState,
  { stable, candidate }: Cast,
  { warm, keep }: { readonly warm: number; readonly keep: number },
): boolean {
  const older = groups
    .filter((group) => group !== stable && group.sequence < (candidate?.sequence ?? 0) && group.share === 0)
    .toSorted((a, b) => b.sequence - a.sequence);
  return older.length <= keep && older.slice(warm).every(({ desired }) => desired === 0);
}

/** Judges a turn; `after` is the account once its events are heard. */
export function judgeTurn(
  turn: Turn,
  before: RolloutState,
  after: RolloutState,
  brief: Brief,
): readonly Property[] {
  const found = [
    ...judgeEvents(turn, before, brief),
    ...judgeCommand(turn, before, after, brief),
    ...judgeSize(turn, after, brief),
  ];
  const goesOn = after.direction === "forward" && after.outcome === undefined;
  const able = before.inFlight === undefined && !turn.witness.mustClaim && !turn.seen.stale;
  return able && goesOn ? [...found, ...judgeGoingOn(turn, after, brief)] : found;
}

function judgeEvents(turn: Turn, before: RolloutState, brief: Brief): Property[] {
  const found: Property[] = [];
  let { witness } = turn;
  let { size, stableSize } = before;
  const { phases } = brief.planned.rollout;
  for (const event of turn.events) {
    const phase = witness.direction === "forward" ? phases[witness.index] : undefined;
    if (event.type === "rollout-size-raised") ({ size, stable: stableSize } = event);
    const advances =
      (event.type === "rollout-phase-started" && event.direction === "forward" && event.index > 0) ||
      (event.type === "rollout-finished" && event.outcome === "succeeded");
    if (advances && phase)
      found.push(...judgeAdvance(phase, witness, turn.seen, brief, { size, stableSize }));
    if (event.type === "judgement-expired" && witness.open < timeoutOf(phase)) found.push("S10");
    if (event.type === "rollout-turned-back") found.push(...judgeTurned(event, phase, turn, witness, brief));
    if (event.type === "rollout-finished") found.push(...judgeFinish(event, turn, witness, brief));
    witness = next(witness, event);
  }
  return found;
}

// Within a turn only the phase changes; the rest of the account is brought up to date afterwards.
function next(witness: Witness, event: NewEvent): Witness {
  if (event.type === "rollout-phase-started")
    return {
      ...witness,
      index: event.index,
      direction: event.direction,
      held: 0,
      unmet: 0,
      promoted: false,
      verdict: undefined,
    };
  if (event.type === "rollout-turned-back")
    return { ...witness, index: -1, direction: "back", unmet: 0, turnedByCancel: event.cancelled };
  return witness;
}

function judgeAdvance(
  phase: Phase,
  witness: Witness,
  seen: ClusterState,
  brief: Brief,
  sizes: Omit<Measure, "metOnce">,
): Property[] {
  const found: Property[] = [];
  if (witness.paused || witness.undecided) found.push("S11");
  if (!isMet(phase, seen, brief, { ...sizes, metOnce: witness.metOnce })) found.push("S9");
  if (!witness.promoted && witness.held < (phase.holdMs ?? 0)) found.push("S9");
  if (phase.gate && !witness.promoted && witness.verdict !== "pass") found.push("S7");
  return found;
}

function judgeTurned(
  event: NewEvent<"rollout-turned-back">,
  phase: Phase | undefined,
  turn: Turn,
  witness: Witness,
  brief: Brief,
): Property[] {
  const ill = isIll(turn, brief);
  if (phase?.after === "forward") return ill ? [] : ["S12"];
  if (event.cancelled) return witness.cancel === "graceful" ? [] : ["S12"];
  const { stable } = cast(brief, turn.seen);
  const lost = brief.planned.before !== undefined && !stable;
  const told = witness.verdict === "fail" || turn.events.some(({ type }) => type === "judgement-expired");
  if (ill || lost || told || witness.failed || witness.cancel) return [];
  return phase && witness.unmet >= phase.deadlineMs ? [] : ["S10"];
}

function judgeFinish(
  event: NewEvent<"rollout-finished">,
  turn: Turn,
  witness: Witness,
  brief: Brief,
): Property[] {
  const { stable, candidate } = cast(brief, turn.seen);
  if (event.outcome === "cancelled" && witness.cancel === "forced") return [];
  if (event.outcome === "cancelled" && !witness.turnedByCancel) return ["S12"];
  if (event.outcome === "failed") {
    const lost = brief.planned.before !== undefined && !stable;
    const deadline = Math.max(...brief.planned.rollout.phases.map((phase) => phase.deadlineMs));
    return lost || witness.unmet >= deadline ? [] : ["S10"];
  }
  if (event.outcome === "succeeded") return [];
  const { settings } = brief;
  const was = formerShares(brief, turn.seen);
  const moved = turn.seen.groups.some((group) =>
    settings.traffic === "proportional"
      ? group.share > 0 !== (was[group.name] ?? 0) > 0
      : group.share !== (was[group.name] ?? 0),
  );
  const small = brief.planned.before && (stable?.desired ?? 0) < brief.planned.before.desired;
  const kept =
    brief.planned.rollout.onRollback === "keep" ? (candidate?.desired ?? 0) > 0 : candidate !== undefined;
  return moved || small || kept ? ["S5"] : [];
}

// What others than stable can no longer serve is stable's.
function formerShares({ home, settings, planned }: Brief, seen: ClusterState): Record<string, number> {
  const was = { ...sharesOf(home, settings.traffic) };
  const heir = planned.before?.group;
  for (const name of Object.keys(was)) {
    const dead = !seen.groups.some((group) => group.name === name && group.healthy > 0);
    if (name === heir || heir === undefined || !dead) continue;
    was[heir] = (was[heir] ?? 0) + (was[name] ?? 0);
    delete was[name];
  }
  return was;
}

function judgeCommand(turn: Turn, before: RolloutState, after: RolloutState, brief: Brief): Property[] {
  const { command, witness, seen } = turn;
  if (!command) return [];
  const found: Property[] = [];
  const { stable, candidate } = cast(brief, seen);
  const forward = after.direction === "forward";
  const moved = after.index !== before.index || after.direction !== before.direction;
  if (witness.mustClaim) found.push("S14");
  if ((witness.paused || witness.undecided) && forward && (moved || !witness.metOnce)) found.push("S11");
  if (witness.failedNow === JSON.stringify(command) && !moved) found.push("S15");
  const follows = typeof brief.planned.sizeRule !== "number";
  if (
    command.do === "set-traffic" &&
    forward &&
    follows &&
    stable &&
    !command.shares[stable.name] &&
    stable.share > 0
  )
    if ((candidate?.desired ?? 0) < leastAtCutOver(stable, brief)) found.push("S8");
  const retires = forward && candidate?.share !== 100 && lessens(command, seen, candidate);
  if (retires && !isAsked(command, stable, after, brief)) found.push("S13");
  if (forward && total(seen) + growth(command, seen) > brief.settings.peak) found.push("S19");
  return found;
}

function leastAtCutOver({ desired }: ServerGroup, { planned: { rollout } }: Brief): number {
  return Math.ceil((desired * (rollout.floor ?? 100)) / 100);
}

// A part of stable, not all of it, where the phase itself gives the number.
function isAsked(
  command: RolloutCommand,
  stable: ServerGroup | undefined,
  { index, stableSize }: RolloutState,
  { planned }: Brief,
): boolean {
  if (command.do !== "scale-group" || command.group !== stable?.name) return false;
  const wanted = planned.rollout.phases[index]?.want.stable;
  return typeof wanted === "number" && wanted > 0 && command.size >= Math.ceil((stableSize * wanted) / 100);
}

function total({ groups }: ClusterState): number {
  return groups.reduce((sum, { desired }) => sum + desired, 0);
}

// How many instances a command adds; one that adds none does not count.
function growth(command: RolloutCommand, { groups }: ClusterState): number {
  if (command.do === "create-group") return command.size;
  if (command.do !== "scale-group") return -Infinity;
  const was = groups.find(({ name }) => name === command.group)?.desired ?? command.size;
  return command.size > was ? command.size - was : -Infinity;
}

function lessens(command: RolloutCommand, seen: ClusterState, candidate: ServerGroup | undefined): boolean {
  if (command.do !== "destroy-group" && command.do !== "scale-group") return false;
  const group = seen.groups.find(({ name }) => name === command.group);
  if (!group || group === candidate) return false;
  return command.do === "destroy-group" || command.size < group.desired;
}

// Relied on, with traffic, and not well; or without hope; or gone.
function isIll({ witness, seen }: Turn, brief: Brief): boolean {
  const { candidate } = cast(brief, seen);
  const { phases, minHealthy } = brief.planned.rollout;
  if (!candidate)
    return witness.counted > 0 || witness.metOnce || witness.index > 0 || wasMade(witness, phases);
  const least = Math.max(1, Math.min(witness.counted, need(candidate.desired, minHealthy)));
  if (candidate.problem?.fatal) return true;
  return candidate.healthy < least && (candidate.share > 0 || witness.counted > 0);
}

function wasMade(witness: Witness, phases: readonly Phase[]): boolean {
  return witness.index >= 0 && phases[0]?.want.candidate !== undefined;
}

// It could see all that there was to see, and goes on on its way out.
function judgeGoingOn(turn: Turn, after: RolloutState, brief: Brief): Property[] {
  const { witness, seen } = turn;
  const { stable, candidate } = cast(brief, seen);
  const found: Property[] = [];
  if (isBlind(turn, after, brief)) found.push("S6");
  if (witness.verdict === "fail" || turn.events.some(({ type }) => type === "judgement-expired"))
    found.push("S7");
  if (brief.planned.rollout.phases[after.index]?.after !== "back") return found;
  if (witness.cancel === "graceful" || (witness.failed && after.index === witness.index)) found.push("S17");
  if (brief.planned.before && !stable && candidate?.share !== 100) found.push("S18");
  return found;
}

function isBlind(turn: Turn, after: RolloutState, brief: Brief): boolean {
  const { witness, seen } = turn;
  const { stable, candidate } = cast(brief, seen);
  const returns = stable !== undefined || brief.planned.rollout.phases[after.index]?.after === "back";
  if (witness.found && !candidate && returns) return true;
  if (!stable || !candidate) return false;
  const phase = brief.planned.rollout.phases[after.index];
  const asked = Math.min(
    phase ? relied(phase, after.size, brief) : 0,
    need(candidate.desired, brief.planned.rollout.minHealthy),
  );
  if (candidate.problem?.fatal) return candidate.healthy < asked;
  return isIll(turn, brief) && candidate.share > 0;
}
