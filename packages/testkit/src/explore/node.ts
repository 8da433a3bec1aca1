import type { OpenGate, RolloutState } from "@gennaker/core/machine";
import type { RolloutCommand } from "@gennaker/core/ports";
import type { Measuring } from "./checks.ts";
import type { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** A command on its way into the world. */
export interface Wire {
  readonly id: string;
  readonly body: RolloutCommand;
  /** What served when it was decided. */
  readonly served: number;
  /** How many healthy instances it was seen to take away. */
  readonly takes: number;
  /** The world changed after it was looked at for this command. */
  readonly changed: boolean;
}

/** One moment of one history: the driver with its log, the world, and what is between them. */
export interface Node {
  readonly state: RolloutState;
  readonly world: World;
  readonly now: number;
  /** Dead; started but without a claim of its own; at work. */
  readonly driver: "down" | "starting" | "up";
  /** What a broken driver saw before its claim. */
  readonly glimpse: World | undefined;
  /** What its command is doing. */
  readonly wire: Wire | undefined;
  /** Commands that nobody waits for and that may still land. */
  readonly late: readonly Wire[];
  /** Measurements that the driver is making. */
  readonly measuring: readonly Measuring[];
  /** Faults left. */
  readonly left: number;
  readonly witness: Witness;
}

const GROUP = (group: World[number]): string =>
  `${group.name}${group.desired}/${group.healthy}@${group.weight}${group.key ? (group.key.endsWith("/baseline") ? "b" : "k") : ""}${group.doomed ? "d" : ""}${group.hopeless ? "h" : ""}`;

const WIRE = (wire: Wire): string =>
  `${JSON.stringify(wire.body)}${wire.served}-${wire.takes}${wire.changed ? "c" : ""}`;

/** One text for all moments from which the same can happen: instants become distances, and names of commands go. */
export function keyOf(node: Node, longest: number): string {
  const { state, witness, world, now } = node;
  const clock = ({ ms, since }: RolloutState["held"]): string =>
    since === undefined ? `${Math.min(ms, longest)}` : `${Math.min(ms + now - since, longest)}r`;
  return [
    world.map(GROUP).join(),
    node.driver,
    node.glimpse ? node.glimpse.map(GROUP).join() : "",
    node.wire ? WIRE(node.wire) : "",
    node.late.map(WIRE).join(),
    node.left,
    state.size,
    state.stableSize,
    bits(
      state.claimed,
      state.baselineMade,
      state.met,
      state.metOnce,
      state.promoted,
      state.paused,
      state.undecided,
    ),
    bits(
      state.direction === "back",
      state.watching,
      state.inFlight !== undefined,
      state.failure !== undefined,
      state.superseded && state.direction === "forward",
    ),
    state.candidate,
    Object.entries(state.shares).join(),
    state.proved,
    state.baseline,
    state.baselineProved,
    state.index,
    state.gate ? (state.gate.verdict ?? "open") : "",
    state.promotedFully || state.gate?.tally || state.background.length > 0 ? checksKey(node, clock) : "",
    clock(state.unmet),
    clock(state.held),
    clock(state.open),
    state.cancel?.mode,
    Math.min(state.misses, 6),
    Math.max(0, state.retryAt - now),
    state.turned?.cancelled,
    state.outcome,
    witnessKey(witness, longest),
  ].join("|");
}

// The names of gates go, as those of commands do: which one is measured is known by its place.
function checksKey({ state, measuring, now }: Node, clock: (watch: RolloutState["open"]) => string): string {
  const { gate, background } = state;
  const one = (check: OpenGate | undefined, watch: RolloutState["open"] | undefined): string => {
    if (!check?.tally || !watch) return "-";
    const { done, failures, inconclusives, errors, nextMs } = check.tally;
    const open = watch.ms + (watch.since === undefined ? 0 : now - watch.since);
    const due = nextMs === undefined ? "first" : Math.max(0, nextMs - open);
    const busy = measuring.some((each) => each.gate === check.judgement);
    const counted = "open" in check ? Math.min(1, done) : done;
    return [check.verdict, counted, failures, inconclusives, errors, due, busy, clock(watch)].join();
  };
  return [
    state.promotedFully,
    one(gate, state.open),
    ...background.map((check) => one(check, check?.open)),
  ].join(";");
}

function witnessKey(witness: Witness, longest: number): string {
  return [
    witness.index,
    Math.min(witness.held, longest),
    Math.min(witness.unmet, longest),
    Math.min(witness.open, longest),
    witness.question === undefined ? "" : "q",
    witness.verdict,
    witness.results,
    witness.beside.join("/"),
    witness.counted,
    witness.compared,
    witness.most,
    witness.mostSeen,
    witness.cancel,
    witness.failedNow,
    bits(witness.direction === "back", witness.met, witness.metOnce, witness.paused, witness.undecided),
    bits(
      witness.promoted,
      witness.promotedFully,
      witness.expired,
      witness.turnedByCancel,
      witness.failed,
      witness.mustClaim,
      witness.over,
      witness.found,
      witness.compares,
    ),
  ].join();
}

function bits(...flags: readonly boolean[]): number {
  return flags.reduce((sum, flag) => sum * 2 + (flag ? 1 : 0), 0);
}
