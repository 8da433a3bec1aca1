import {
  backgroundCheck,
  type BackgroundCheck,
  checkGate,
  type CheckUse,
  checkUseProblems,
  type Duration,
  type Gate,
  parseDuration,
  type Phase,
} from "@gennaker/core";
import { type Check, isRecord, positiveDuration, quote } from "./options.ts";

/** A question to people, as strategies take it. */
export interface Approval {
  /** Who may answer; at least one. */
  readonly roles: readonly string[];
  /** What to look at before answering. Default: nothing is said. */
  readonly instructions?: string;
  /** When nobody has answered by then, `onTimeout` is the answer. Default: it waits for ever. */
  readonly timeout?: Duration;
  /** What silence means. Default `"fail"`. */
  readonly onTimeout?: "fail" | "pass";
}

/** Until `run.promote(stage)`; or by itself, after so long. */
export type Promotion = "until-promoted" | { readonly atLatest: Duration };

/** What must be passed: people who say yes, a check or a stage that passes, somebody who promotes. */
export type GateOption = Approval | CheckUse | Promotion;

/** One gate, or several in this order. */
export type Gates = GateOption | readonly GateOption[];

/** A check that is measured beside all phases; default every minute, from the candidate's first traffic on. */
export interface AnalysisCheck extends Omit<CheckUse, "times"> {
  /** From the end of a measurement to the next one. Default `"1m"`. */
  readonly every?: Duration;
  /** When it begins: with the candidate's first traffic, or with the rollout. Default `"traffic"`. */
  readonly from?: "traffic" | "start";
}

/** One check beside the phases, or several. */
export type Analysis = AnalysisCheck | readonly AnalysisCheck[];

/** What both of these words are checked by. */
export interface AnalysisOptions {
  /**
   * Measured again and again, while the candidate has traffic and until nothing leads back any more; a fail turns back at
   * once. Not where nothing serves yet: there is nothing to go back to. Default: none.
   */
  readonly analysis?: Analysis;
}

/** The phases of gates in a row, all with one want; only the first one holds. */
export function gatePhases(
  base: string,
  gates: Gates,
  phase: Omit<Phase, "name" | "gate">,
): readonly Phase[] {
  const { holdMs: _, ...next } = phase;
  const list = listOf(gates);
  const names = list.map((gate, index) => (index === 0 ? base : `${base}, ${labelOf(gate)}`));
  return list.map((gate, index) => ({
    ...(index === 0 ? phase : next),
    name: unique(names, index),
    gate: gateOf(gate),
  }));
}

function unique(names: readonly string[], index: number): string {
  const name = names[index] ?? "";
  const before = names.slice(0, index).filter((each) => each === name).length;
  return before === 0 ? name : `${name} ${before + 1}`;
}

/** Gates as a list, however they were given. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** What a gate is called: `approve`, `check error-rate`, `stage smoke-test`, `promote`. */
export function labelOf(gate: GateOption): string {
  if (isApproval(gate)) return "approve";
  if (!isUse(gate)) return "promote";
  const name = typeof gate.check === "string" ? gate.check : gate.check.name;
  return name.startsWith("stage ") ? name : `check ${name}`;
}

/** The gate that an option stands for. */
export function gateOf(option: GateOption): Gate {
  if (isUse(option)) return checkGate(option);
  if (!isApproval(option)) return promotionOf(option);
  const { roles, instructions, timeout, onTimeout } = option;
  return {
    kind: "judgement",
    roles,
    ...(instructions !== undefined && { instructions }),
    ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) }),
    ...(onTimeout !== undefined && { onTimeout }),
  };
}

function promotionOf(option: Promotion): Gate {
  return option === "until-promoted"
    ? { kind: "promotion" }
    : { kind: "promotion", afterMs: parseDuration(option.atLatest) };
}

/** The checks beside the phases that an option stands for. */
export function backgroundOf(analysis: Analysis | undefined): {
  readonly background?: readonly BackgroundCheck[];
} {
  if (analysis === undefined) return {};
  const list = listOf(analysis).map(({ from, ...use }) => backgroundCheck(use, from));
  return list.length === 0 ? {} : { background: list };
}

/** Whether an option is a promotion, and nothing else. */
export function isPromotion(value: unknown): value is Promotion {
  return value === "until-promoted" || (isRecord(value) && "atLatest" in value);
}

function isApproval(option: GateOption): option is Approval {
  return isRecord(option) && "roles" in option;
}

function isUse(option: GateOption): option is CheckUse {
  return isRecord(option) && "check" in option;
}

/** One gate or several. */
export const gates: Check = (value) => {
  if (!Array.isArray(value)) return gate(value);
  if (value.length === 0) return "is an empty list (leave it out, or write one gate)";
  const problems = value.map((each, index) => [index, gate(each)] as const);
  return (
    problems.flatMap(([index, problem]) => (problem ? [`[${index}]: ${problem}`] : [])).join("; ") ||
    undefined
  );
};

const gate: Check = (value) => {
  if (isPromotion(value)) return promotion(value);
  if (!isRecord(value))
    return `${quote(value)} is not a gate (write { roles: ["qa"] }, { check: errorRate } or "until-promoted")`;
  if (!("check" in value)) return approval(value);
  return checkUseProblems(value as unknown as CheckUse).join("; ") || undefined;
};

/** Until somebody promotes. */
export const promotion: Check = (value) => {
  if (value === "until-promoted") return undefined;
  const wrong = positiveDuration((value as { atLatest: unknown }).atLatest);
  return wrong && `atLatest: ${wrong}`;
};

/** A question to people. */
const approval: Check = (value) => {
  const { roles, timeout, instructions, onTimeout } = value as Record<string, unknown>;
  const named =
    Array.isArray(roles) && roles.length > 0 && roles.every((role) => typeof role === "string" && role);
  if (!named) return `at least one role is needed (write { roles: ["qa"] })`;
  if (instructions !== undefined && typeof instructions !== "string")
    return `instructions: ${quote(instructions)} is not text`;
  if (onTimeout !== undefined && onTimeout !== "fail" && onTimeout !== "pass")
    return `onTimeout: ${quote(onTimeout)} is unknown (write "fail" or "pass")`;
  if (onTimeout !== undefined && timeout === undefined)
    return `onTimeout: there is no timeout (write timeout: "2h" as well)`;
  const wrong = timeout === undefined ? undefined : positiveDuration(timeout);
  return wrong && `timeout: ${wrong}`;
};

/** Checks beside the phases. */
export const analysis: Check = (value) => {
  const problems = listOf(value as Analysis).flatMap((each, index) => {
    const where = Array.isArray(value) ? `[${index}]: ` : "";
    return analysisProblems(each).map((problem) => `${where}${problem}`);
  });
  return problems.join("; ") || undefined;
};

function analysisProblems(value: unknown): readonly string[] {
  if (!isRecord(value) || !("check" in value))
    return [`${quote(value)} is not a check (write { check: errorRate, every: "1m" })`];
  const { from, ...use } = value;
  return [
    ...(from === undefined || from === "traffic" || from === "start"
      ? []
      : [`from: ${quote(from)} is unknown (write "traffic" or "start")`]),
    ...checkUseProblems(use as unknown as CheckUse, "background"),
  ];
}
