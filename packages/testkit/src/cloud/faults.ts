import type { Random } from "./random.ts";

/** The calls of a provider that can go wrong. */
export type Operation =
  | "observe"
  | "watch"
  | "claim"
  | "createGroup"
  | "scaleGroup"
  | "setTraffic"
  | "destroyGroup"
  | "preview";

/**
 * What can go wrong with one call. `lostCommand`: it never lands, and the caller is told `unavailable` after a timeout;
 * `lostAnswer`: it lands, and the caller is told the same; `lateCommand`: the caller is told the same, and it lands
 * later, unless a newer claim forbids it; `staleRead`: an observation is old, and says so. The others are refused with
 * that kind, and surely change nothing.
 */
export type CallFault =
  | "lostCommand"
  | "lostAnswer"
  | "lateCommand"
  | "staleRead"
  | "throttled"
  | "conflict"
  | "denied"
  | "quota";

/** How often things go wrong by themselves: probabilities, 0–1. What is absent never does. */
export interface Faults {
  /** An instance takes ten times as long to boot. Per boot. */
  readonly slowBoot?: number;
  /** No instance of a group becomes healthy. Per new group. */
  readonly neverHealthy?: number;
  /** An instance dies within ten minutes of becoming healthy. Per boot. */
  readonly dyingInstance?: number;
  /** Per command. */
  readonly lostCommand?: number;
  /** Per command. */
  readonly lostAnswer?: number;
  /** Per command. */
  readonly lateCommand?: number;
  /** Per call. */
  readonly throttled?: number;
  /** Per observation. */
  readonly staleRead?: number;
  /** Per command. */
  readonly conflict?: number;
  /** Somebody else changes how many instances a group with traffic is to have. Per command that lands. */
  readonly autoscaler?: number;
}

/** A fault that a test asked for. */
export interface PlannedFault {
  readonly operation: Operation | "any";
  readonly fault: CallFault;
  left: number;
}

const READS: ReadonlySet<Operation> = new Set<Operation>(["observe", "watch", "preview"]);
const READ: readonly (keyof Faults & CallFault)[] = ["throttled", "staleRead"];
const COMMAND: readonly (keyof Faults & CallFault)[] = [
  "throttled",
  "lostCommand",
  "lostAnswer",
  "lateCommand",
  "conflict",
];

/** The fault of one call: a planned one first, else by chance. */
export function drawFault(
  operation: Operation,
  planned: PlannedFault[],
  rates: Faults,
  random: Random,
): CallFault | undefined {
  const index = planned.findIndex((plan) => plan.operation === operation || plan.operation === "any");
  const plan = planned[index];
  if (plan) {
    plan.left--;
    if (plan.left === 0) planned.splice(index, 1);
    return plan.fault;
  }
  const menu = READS.has(operation) ? READ : COMMAND;
  return menu.find((fault) => random.chance(rates[fault] ?? 0));
}
