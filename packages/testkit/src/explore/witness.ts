// What the monitors remember of a history. They share no code with the machine that they judge.
import type { Phase, Rollout } from "@gennaker/core";
import type { NewEvent, Verdict } from "@gennaker/core/ports";
import { besides, noted, verdictOn } from "./readings.ts";

/** The monitors' own account of what happened so far. */
export interface Witness {
  readonly direction: "forward" | "back";
  readonly index: number;
  /** At the last look, the phase's want was met; not known after a crash. */
  readonly met: boolean;
  /** The phase's want was met at some look. */
  readonly metOnce: boolean;
  /** Milliseconds met without a break, and unmet in all; pauses left out. */
  readonly held: number;
  readonly unmet: number;
  readonly open: number;
  readonly paused: boolean;
  readonly undecided: boolean;
  readonly question: string | undefined;
  readonly verdict: Verdict | undefined;
  /** Nobody answered in time. */
  readonly expired: boolean;
  /** What the phase's check measured: a letter for each. */
  readonly results: string;
  /** The gates of the checks beside the phases, and what each measured. */
  readonly gates: readonly string[];
  readonly beside: readonly string[];
  readonly promoted: boolean;
  /** Everything up to the end. */
  readonly promotedFully: boolean;
  /** Healthy candidates that a finished phase relied on. */
  readonly counted: number;
  /** The most instances of stable that were seen while it had traffic, at looks after which the way out went on. */
  readonly most: number;
  /** The same, with the look at which it turned back. */
  readonly mostSeen: number;
  readonly cancel: "graceful" | "forced" | undefined;
  /** A newer run waits for the cluster. */
  readonly superseded: boolean;
  readonly turnedByCancel: boolean;
  /** A command failed since the last turn of direction, and none went well since. */
  readonly failed: boolean;
  /** The command that failed at this very instant. */
  readonly failedNow: string | undefined;
  /** A claim is due before anything is said. */
  readonly mustClaim: boolean;
  readonly over: boolean;
  /** The candidate's group was seen. */
  readonly found: boolean;
  /** The baseline's group was seen. */
  readonly compares: boolean;
  /** Healthy instances of the baseline that a finished phase relied on. */
  readonly compared: number;
}

/** Before anything has happened. */
export const NOTHING: Witness = {
  direction: "forward",
  index: -1,
  met: false,
  metOnce: false,
  held: 0,
  unmet: 0,
  open: 0,
  paused: false,
  undecided: false,
  question: undefined,
  verdict: undefined,
  expired: false,
  results: "",
  gates: [],
  beside: [],
  promoted: false,
  promotedFully: false,
  counted: 0,
  most: 0,
  mostSeen: 0,
  cancel: undefined,
  superseded: false,
  turnedByCancel: false,
  failed: false,
  failedNow: undefined,
  mustClaim: true,
  over: false,
  found: false,
  compares: false,
  compared: 0,
};

/** Time passes. */
export function wait(witness: Witness, ms: number): Witness {
  const still = witness.paused || witness.undecided || witness.index < 0;
  if (still) return { ...witness, failedNow: undefined };
  return {
    ...witness,
    held: witness.met ? witness.held + ms : 0,
    unmet: witness.met ? witness.unmet : witness.unmet + ms,
    open: witness.question === undefined || witness.verdict !== undefined ? witness.open : witness.open + ms,
    failedNow: undefined,
  };
}

/** The driver dies: whatever it saw counts no longer. */
export function crash(witness: Witness): Witness {
  return { ...witness, met: false, held: 0, mustClaim: true };
}

/** A phase that relied on so many healthy candidates, and instances of the baseline, was left. */
export function rely(witness: Witness, counted: number, compared: number): Witness {
  return counted > witness.counted || compared > witness.compared
    ? {
        ...witness,
        counted: Math.max(counted, witness.counted),
        compared: Math.max(compared, witness.compared),
      }
    : witness;
}

/** An event is in the log. */
export function hear(witness: Witness, event: NewEvent, phase: Phase | undefined, rollout: Rollout): Witness {
  switch (event.type) {
    case "run-paused":
      return { ...witness, paused: true };
    case "run-resumed":
      return { ...witness, paused: false, undecided: false };
    case "rollout-paused":
      return pause(witness, phase, rollout);
    case "run-cancel-requested":
      return { ...witness, cancel: event.mode };
    case "stage-superseded":
      return { ...witness, superseded: true, cancel: witness.cancel ?? "graceful" };
    case "rollout-claimed":
      return { ...witness, mustClaim: false, met: false, held: 0 };
    case "judgement-requested":
      return { ...witness, question: event.judgement, verdict: undefined, open: 0 };
    case "judgement-answered":
      return event.judgement === witness.question && witness.verdict === undefined
        ? { ...witness, verdict: event.verdict }
        : witness;
    case "rollout-phase-promoted":
      return event.phase === phase?.name && witness.direction === "forward"
        ? { ...witness, promoted: true }
        : witness;
    case "rollout-promoted-fully":
      return witness.direction === "forward"
        ? { ...witness, promoted: true, promotedFully: true, gates: [], beside: [] }
        : witness;
    case "judgement-expired":
      return event.judgement === witness.question ? { ...witness, expired: true } : witness;
    case "check-opened":
      return event.background === undefined
        ? { ...witness, question: event.gate, results: "", open: 0 }
        : {
            ...witness,
            gates: put(witness.gates, event.background, event.gate),
            beside: put(witness.beside, event.background, ""),
          };
    case "check-measured":
      return measured(witness, event);
    case "rollout-phase-started":
      return {
        ...witness,
        ...FRESH,
        promoted: witness.promotedFully && event.direction === "forward",
        direction: event.direction,
        index: event.index,
      };
    case "rollout-turned-back":
      return {
        ...witness,
        ...FRESH,
        direction: "back",
        index: -1,
        ...TURNED,
        turnedByCancel: event.cancelled,
      };
    case "rollout-command-settled":
      return event.result === "acknowledged"
        ? { ...witness, failed: false, failedNow: undefined }
        : {
            ...witness,
            failed: witness.failed || event.result === "failed",
            mustClaim: event.result === "unknown",
          };
    case "rollout-candidate-found":
      return { ...witness, found: true };
    case "rollout-baseline-found":
      return { ...witness, compares: true };
    case "rollout-finished":
      return { ...witness, over: true };
    default:
      return witness;
  }
}

const FRESH = {
  met: false,
  metOnce: false,
  held: 0,
  unmet: 0,
  open: 0,
  question: undefined,
  verdict: undefined,
  expired: false,
  results: "",
  promoted: false,
} as const;

const TURNED = { failed: false, failedNow: undefined, undecided: false, gates: [], beside: [] } as const;

// What could not be decided is forgotten: it is asked or measured afresh.
function pause(witness: Witness, phase: Phase | undefined, rollout: Rollout): Witness {
  const open = besides(rollout, witness).map((verdict) => verdict !== "inconclusive");
  const own = verdictOn(phase?.gate, witness) === "inconclusive";
  return {
    ...witness,
    undecided: true,
    ...(own && { question: undefined, verdict: undefined, results: "" }),
    gates: witness.gates.map((gate, index) => (open[index] ? gate : "")),
    beside: witness.beside.map((results, index) => (open[index] ? results : "")),
  };
}

// Only what is waited for counts.
function measured(witness: Witness, { gate, verdict }: NewEvent<"check-measured">): Witness {
  if (gate === witness.question) return { ...witness, results: noted(witness.results, verdict, false) };
  const index = witness.gates.indexOf(gate);
  if (index < 0) return witness;
  return {
    ...witness,
    beside: put(witness.beside, index, noted(witness.beside[index] ?? "", verdict, true)),
  };
}

function put(list: readonly string[], index: number, value: string): readonly string[] {
  return Array.from({ length: Math.max(list.length, index + 1) }, (_, at) =>
    at === index ? value : (list[at] ?? ""),
  );
}
