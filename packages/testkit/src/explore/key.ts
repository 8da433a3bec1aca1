import type { OpenGate, RolloutState } from "@gennaker/core/machine";
import type { Node, Wire } from "./node.ts";
import type { Witness } from "./witness.ts";

/** What of a moment changes apart from the rest, each as the number of its text. */
export interface Parts {
  readonly world: number;
  readonly state: number;
  readonly witness: number;
  readonly wires: number;
}

/** A moment that was told apart already. */
export interface Known {
  readonly node: Node;
  readonly parts: Parts;
}

/**
 * Tells moments apart: one key for all from which the same can happen. Instants become distances, and names of commands
 * go. A move leaves most of a moment as it is; those parts are not read again, and few differ in a whole exploration.
 */
export class Keys {
  readonly #longest: number;
  readonly #numbers = new Map<string, number>();

  /** `longest`: no clock needs to be told apart beyond. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Reads a whole moment. */
  read(node: Node): Parts {
    return {
      world: this.#number(worldText(node)),
      state: this.#number(stateText(node, this.#longest)),
      witness: this.#number(witnessText(node.witness, this.#longest)),
      wires: this.#number(wiresText(node)),
    };
  }

  /** Reads what a move changed. */
  readNext(next: Node, { node, parts }: Known): Parts {
    const sameWorld = next.world === node.world && next.glimpse === node.glimpse;
    const sameState = next.state === node.state && next.now === node.now && next.measuring === node.measuring;
    const sameWires = next.wire === node.wire && next.late === node.late;
    return {
      world: sameWorld ? parts.world : this.#number(worldText(next)),
      state: sameState ? parts.state : this.#number(stateText(next, this.#longest)),
      witness:
        next.witness === node.witness
          ? parts.witness
          : this.#number(witnessText(next.witness, this.#longest)),
      wires: sameWires ? parts.wires : this.#number(wiresText(next)),
    };
  }

  #number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** The key of a moment. */
export function keyOf({ driver, left }: Node, { world, state, witness, wires }: Parts): string {
  return `${world} ${state} ${witness} ${wires} ${driver}${left}`;
}

function groupText(group: Node["world"][number]): string {
  const { name, desired, healthy, weight, key, doomed, hopeless } = group;
  const role = key ? (key.endsWith("/baseline") ? "b" : "k") : "";
  return `${name}${desired}/${healthy}@${weight}${role}${doomed ? "d" : ""}${hopeless ? "h" : ""}`;
}

function worldText({ world, glimpse }: Node): string {
  return `${world.map(groupText).join()}|${glimpse ? glimpse.map(groupText).join() : ""}`;
}

function wiresText({ wire, late }: Node): string {
  return `${wire ? wireText(wire) : ""}|${late.map(wireText).join()}`;
}

function wireText({ body, served, takes, changed }: Wire): string {
  return `${JSON.stringify(body)}${served}-${takes}${changed ? "c" : ""}`;
}

function stateText(node: Node, longest: number): string {
  const { state, now } = node;
  const clock = ({ ms, since }: RolloutState["held"]): string =>
    since === undefined ? `${Math.min(ms, longest)}` : `${Math.min(ms + now - since, longest)}r`;
  return [
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
    state.promotedFully || state.gate?.tally || state.background.length > 0 ? checksText(node, clock) : "",
    clock(state.unmet),
    clock(state.held),
    clock(state.open),
    state.cancel?.mode,
    Math.min(state.misses, 6),
    Math.max(0, state.retryAt - now),
    state.turned?.cancelled,
    state.outcome,
  ].join("|");
}

// The names of gates go, as those of commands do: which one is measured is known by its place.
function checksText({ state, measuring, now }: Node, clock: (watch: RolloutState["open"]) => string): string {
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

function witnessText(witness: Witness, longest: number): string {
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
      witness.superseded && witness.direction === "forward",
    ),
  ].join();
}

function bits(...flags: readonly boolean[]): number {
  let sum = 0;
  for (const flag of flags) sum = sum * 2 + (flag ? 1 : 0);
  return sum;
}
