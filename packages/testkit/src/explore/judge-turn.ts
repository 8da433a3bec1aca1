import type { Phase, WantedSize } from "@gennaker/core";
import type { RolloutState } from "@gennaker/core/machine";
import type { ClusterState, NewEvent, RolloutCommand, ServerGroup } from "@gennaker/core/ports";
import { judgeSize } from "./judge-size.ts";
import { baselineIn, type Brief, need, type Property, timeoutOf } from "./properties.ts";
import { allMeasured, besides, verdictOn } from "./readings.ts";
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
export function relied({ want }: Phase, size: number, brief: Brief): number {
  return reliedOn(want.candidate, size, brief);
}

/** How many healthy instances of the baseline it relied on. */
export function reliedToCompare({ want }: Phase, size: number, brief: Brief): number {
  return reliedOn(want.baseline, size, brief);
}

function reliedOn(wanted: WantedSize | undefined, size: number, { planned }: Brief): number {
  return typeof wanted === "number" ? need(Math.ceil((size * wanted) / 100), planned.rollout.minHealthy) : 0;
}

interface Cast {
  readonly stable: ServerGroup | undefined;
  readonly candidate: ServerGroup | undefined;
  readonly baseline: ServerGroup | undefined;
}

function cast({ planned }: Brief, seen: ClusterState): Cast {
  const candidate = seen.groups.find((group) => group.key === planned.key);
  const baseline = baselineIn(seen.groups, { planned });
  // Names may be given again: a candidate that is called as stable was is not stable.
  const stable = seen.groups.find(
    (group) => group.name === planned.before?.group && group !== candidate && group !== baseline,
  );
  return { candidate, baseline, stable };
}

/** What percentages are of, and whether the want was met before. */
export interface Measure extends Pick<RolloutState, "size" | "stableSize"> {
  readonly metOnce: boolean;
}

/** Whether a phase's want on the way out is met, by a second reading of what wants mean. */
export function isMet(phase: Phase | undefined, seen: ClusterState, brief: Brief, measure: Measure): boolean {
  const { stable, candidate, baseline } = cast(brief, seen);
  const { size, stableSize, metOnce } = measure;
  const { want } = phase ?? {};
  if (!want) return false;
  if (typeof want.candidate === "number") {
    const wanted = Math.ceil((size * want.candidate) / 100);
    if ((candidate?.desired ?? 0) < wanted) return false;
    if ((candidate?.healthy ?? 0) < need(wanted, brief.planned.rollout.minHealthy)) return false;
  }
  if (typeof want.baseline === "number") {
    const wanted = Math.ceil((size * want.baseline) / 100);
    if ((baseline?.desired ?? 0) < wanted) return false;
    if ((baseline?.healthy ?? 0) < need(wanted, brief.planned.rollout.minHealthy)) return false;
  }
  if (want.baseline === "gone" && baseline) return false;
  if (want.stable === 0 && (stable?.desired ?? 0) > 0) return false;
  if (typeof want.stable === "number" && want.stable > 0 && stable) {
    const wanted = Math.ceil((stableSize * want.stable) / 100);
    if (stable.desired < wanted || (stable.desired > wanted && wanted < stableSize && !metOnce)) return false;
  }
  if (want.stable === "gone" && stable) return false;
  if (want.others && candidate && !isPruned(seen, { stable, candidate, baseline }, want.others)) return false;
  if (!want.traffic) return true;
  const { traffic } = want;
  const wanted = (group: ServerGroup): number => {
    if (group === baseline) return traffic.baseline ?? 0;
    return (group === candidate ? traffic.candidate : group === stable ? traffic.stable : 0) ?? 0;
  };
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
    if (event.type === "rollout-phase-promoted" && !isOverdue(phase, witness)) found.push("S10");
    if (advances && phase && isLast(event, phases)) found.push(...judgeBrink(phase, witness, brief));
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
  if (event.type === "judgement-expired") return { ...witness, expired: true };
  if (event.type === "rollout-phase-promoted") return { ...witness, promoted: true };
  if (event.type === "rollout-phase-started")
    return {
      ...witness,
      index: event.index,
      direction: event.direction,
      held: 0,
      unmet: 0,
      promoted: witness.promotedFully,
      verdict: undefined,
      expired: false,
      results: "",
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
  const excused = witness.promoted || (witness.superseded && phase.after === "forward");
  if (!excused && witness.held < (phase.holdMs ?? 0)) found.push("S9");
  const passed = verdictOn(phase.gate, witness) === "pass" || (witness.expired && isConsent(phase));
  if (phase.gate && !witness.promoted && !passed) found.push("S7");
  if (besides(brief.planned.rollout, witness).some((verdict) => verdict === "inconclusive"))
    found.push("S11");
  return found;
}

function isConsent({ gate }: Phase): boolean {
  return gate?.kind === "judgement" && gate.onTimeout === "pass";
}

// Only the machine promotes in a turn: people do it in between.
function isOverdue(phase: Phase | undefined, { held }: Witness): boolean {
  const afterMs = phase?.gate?.kind === "promotion" ? phase.gate.afterMs : undefined;
  return afterMs !== undefined && held >= (phase?.holdMs ?? 0) + afterMs;
}

function isLast(event: NewEvent, phases: readonly Phase[]): boolean {
  return event.type !== "rollout-phase-started" || phases[event.index]?.after === "forward";
}

// From here on nothing leads back: everything must have had its say.
function judgeBrink(phase: Phase, witness: Witness, { planned }: Brief): Property[] {
  const { rollout } = planned;
  if (phase.after === "forward" || witness.promotedFully || allMeasured(rollout, witness)) return [];
  return ["S23"];
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
  const told =
    verdictOn(phase?.gate, witness) === "fail" ||
    turn.events.some(({ type }) => type === "judgement-expired") ||
    besides(brief.planned.rollout, witness).includes("fail");
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
  return moved || small || kept || baselineIn(turn.seen.groups, brief) ? ["S5"] : [];
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
  const { stable, candidate, baseline } = cast(brief, seen);
  const forward = after.direction === "forward";
  const moved = after.index !== before.index || after.direction !== before.direction;
  if (witness.mustClaim) found.push("S14");
  const spares = strayed(turn, brief) > 0 && !gains(command, candidate);
  if ((witness.paused || witness.undecided) && forward && (moved || !(witness.metOnce || spares)))
    found.push("S11");
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
  const drops = command.do === "destroy-group" && command.group === baseline?.name && isDropped(after, brief);
  if (retires && !drops && !isAsked(command, stable, after, brief)) found.push("S13");
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

function isDropped({ index }: RolloutState, { planned }: Brief): boolean {
  return planned.rollout.phases[index]?.want.baseline === "gone";
}

function gains(command: RolloutCommand, candidate: ServerGroup | undefined): boolean {
  return command.do !== "set-traffic" || (candidate && command.shares[candidate.name]) !== candidate?.share;
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
  if (leavesAstray(turn, after, brief)) found.push("S21");
  if (lingers(turn, after, brief)) found.push("S24");
  const asked = brief.planned.rollout.phases[witness.index];
  const silent = turn.events.some(({ type }) => type === "judgement-expired");
  const no = witness.promoted && asked?.gate?.kind === "check" ? undefined : verdictOn(asked?.gate, witness);
  if (no === "fail" || (silent && asked && !isConsent(asked))) found.push("S7");
  if (besides(brief.planned.rollout, witness).includes("fail") && isBack(after, brief)) found.push("S23");
  if (brief.planned.rollout.phases[after.index]?.after !== "back") return found;
  if (witness.cancel === "graceful" || (witness.failed && after.index === witness.index)) found.push("S17");
  if (brief.planned.before && !stable && candidate?.share !== 100) found.push("S18");
  return found;
}

/** Percent of the traffic that are at a baseline which is not well, or at none since it is gone. */
function strayed({ seen, witness }: Turn, brief: Brief): number {
  const { baseline } = cast(brief, seen);
  if (brief.settings.traffic !== "weighted" || !witness.compares) return 0;
  if (!baseline) return 100 - seen.groups.reduce((sum, { share }) => sum + share, 0);
  const asked = need(baseline.desired, brief.planned.rollout.minHealthy);
  return baseline.healthy < Math.max(1, Math.min(witness.compared, asked)) ? baseline.share : 0;
}

// A whole stable can surely carry it, and what is said after a miss may take its time.
function leavesAstray(turn: Turn, after: RolloutState, brief: Brief): boolean {
  const { stable } = cast(brief, turn.seen);
  const astray = strayed(turn, brief);
  const whole = stable && stable.desired >= after.stableSize && stable.healthy >= stable.desired;
  if (!whole || stable.share === 0) return false;
  if (astray === 0 || after.misses > 0) return false;
  const { command } = turn;
  return command?.do !== "set-traffic" || command.shares[stable.name] !== stable.share + astray;
}

// All is as it was wanted, and somebody waits.
function lingers({ witness, seen }: Turn, after: RolloutState, brief: Brief): boolean {
  const phase = brief.planned.rollout.phases[after.index];
  const still = witness.paused || witness.undecided || phase?.gate !== undefined;
  return witness.superseded && phase?.after === "forward" && !still && isMet(phase, seen, brief, after);
}

function isBack({ index }: RolloutState, { planned }: Brief): boolean {
  return planned.rollout.phases[index]?.after === "back";
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
