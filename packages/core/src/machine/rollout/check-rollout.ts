import type { Gate, JudgementGate, PromotionGate } from "../../model/gate.ts";
import { checkBaseline } from "./check-baseline.ts";
import { checkBackground, checkMeasures } from "./check-measures.ts";
import type { Phase, Rollout, Shares, Situation, WantedSize } from "../../model/phase.ts";

/** What is wrong with the phases that a strategy made, with what to write instead. */
export function checkRollout(rollout: Rollout, situation: Situation): readonly string[] {
  const { phases, minHealthy, floor = minHealthy, onRollback } = rollout;
  return [
    ...(phases.length === 0 ? ["has no phases (at least one is needed)"] : []),
    ...(isPercent(minHealthy) && minHealthy >= 1 ? [] : [`minHealthy: ${minHealthy} is not 1 to 100`]),
    ...(isPercent(floor) ? [] : [`floor: ${floor} is not 0 to 100`]),
    ...(onRollback === "destroy" || onRollback === "keep"
      ? []
      : [`onRollback: ${String(onRollback)} is unknown (write "destroy" or "keep")`]),
    ...checkNames(phases),
    ...checkReturn(phases),
    ...checkBaseline(phases, situation),
    ...phases.flatMap((phase) =>
      checkPhase(phase, situation).map((problem) => `phase ${JSON.stringify(phase.name)}: ${problem}`),
    ),
    ...checkBackground(rollout),
  ];
}

function checkNames(phases: readonly Phase[]): readonly string[] {
  const names = phases.map((phase) => phase.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...(names.includes("") ? ["a phase has no name"] : []),
    ...twice.map((name) => `two phases are called ${JSON.stringify(name)}`),
  ];
}

// Past the point of no return there is no phase that could lead back.
function checkReturn(phases: readonly Phase[]): readonly string[] {
  const first = phases.findIndex((phase) => phase.after === "forward");
  return phases
    .filter((phase, index) => first >= 0 && index > first && phase.after === "back")
    .map(
      ({ name }) =>
        `phase ${JSON.stringify(name)} may lead back, but ${JSON.stringify(phases[first]?.name)} before it may not`,
    );
}

function checkPhase(phase: Phase, situation: Situation): readonly string[] {
  const { want } = phase;
  return [
    ...checkTimes(phase),
    ...checkSize("stable", want.stable),
    ...checkSize("candidate", want.candidate),
    ...checkSize("baseline", want.baseline),
    ...(want.traffic ? checkShares(phase, want.traffic, situation) : []),
    ...(want.others ? checkOthers(want.others) : []),
    ...checkGate(phase),
  ];
}

function checkTimes({ deadlineMs, holdMs = 0 }: Phase): readonly string[] {
  return [
    ...(deadlineMs > 0 && Number.isFinite(deadlineMs) ? [] : [`deadline: ${deadlineMs} ms is not above 0`]),
    ...(holdMs >= 0 && Number.isFinite(holdMs) ? [] : [`hold: ${holdMs} ms is not 0 or more`]),
  ];
}

function checkSize(role: string, size: WantedSize | undefined): readonly string[] {
  return size === undefined || size === "gone" || isPercent(size)
    ? []
    : [`${role}: ${size} is not 0 to 100 or "gone"`];
}

function checkShares(
  { want }: Phase,
  shares: Shares,
  { stable: group, traffic }: Situation,
): readonly string[] {
  const { stable = 0, candidate = 0, baseline } = shares;
  const each = [stable, candidate, ...(baseline === undefined ? [] : [baseline])];
  const sum = each.reduce((all, share) => all + share, 0);
  return [
    ...(each.every(isPercent) && (sum === 100 || sum === 0)
      ? []
      : [`traffic: ${each.join(" + ")} is not 100`]),
    ...(traffic === "switch" && each.some((share) => share > 0 && share < 100)
      ? [`traffic: ${each.join(" and ")} cannot be split here (traffic goes to one group at a time)`]
      : []),
    ...(stable > 0 && !group ? ["traffic: stable gets some, but there is no stable group yet"] : []),
    ...(stable > 0 && isNothing(want.stable) ? ["stable: has traffic and may not go"] : []),
    ...(candidate > 0 && (want.candidate === undefined || isNothing(want.candidate))
      ? ["candidate: has traffic and needs a size"]
      : []),
    ...((baseline ?? 0) > 0 && (want.baseline === undefined || isNothing(want.baseline))
      ? ["baseline: has traffic and needs a size"]
      : []),
  ];
}

function checkOthers({ warm, keep }: NonNullable<Phase["want"]["others"]>): readonly string[] {
  return Number.isInteger(warm) && Number.isInteger(keep) && warm >= 0 && keep >= warm
    ? []
    : [`others: warm ${warm} of keep ${keep} (write whole numbers, keep at least warm)`];
}

function checkGate({ gate, after }: Phase): readonly string[] {
  if (!gate) return [];
  return [
    ...checkKind(gate).map((problem) => `gate: ${problem}`),
    ...(after === "forward"
      ? ["gate: nothing can lead back from here (put the gate into an earlier phase)"]
      : []),
  ];
}

function checkKind(gate: Gate): readonly string[] {
  switch (gate.kind) {
    case "judgement":
      return checkJudgement(gate);
    case "promotion":
      return checkPromotion(gate);
    case "check":
      return checkMeasures(gate);
    default:
      return [
        `kind: ${JSON.stringify((gate as { kind?: unknown }).kind)} is unknown (write "judgement", "promotion" or "check")`,
      ];
  }
}

function checkJudgement({ roles, timeoutMs, onTimeout }: JudgementGate): readonly string[] {
  return [
    ...(roles.length > 0 ? [] : ["at least one role is needed"]),
    ...(timeoutMs === undefined || timeoutMs > 0 ? [] : [`${timeoutMs} ms is no time to answer`]),
    ...(onTimeout === undefined || onTimeout === "fail" || onTimeout === "pass"
      ? []
      : [`onTimeout: ${JSON.stringify(onTimeout)} is unknown (write "fail" or "pass")`]),
    ...(onTimeout === "pass" && timeoutMs === undefined
      ? ["onTimeout: silence never ends without a timeout (give one as well)"]
      : []),
  ];
}

function checkPromotion({ afterMs }: PromotionGate): readonly string[] {
  return afterMs === undefined || (afterMs > 0 && Number.isFinite(afterMs))
    ? []
    : [`after: ${afterMs} ms leaves nobody the time to promote it (write more, or leave the gate out)`];
}

function isPercent(value: number): boolean {
  return Number.isFinite(value) && value >= 0 && value <= 100;
}

function isNothing(size: WantedSize | undefined): boolean {
  return size === 0 || size === "gone";
}
