// The documented rules of a run (docs/guide/pipelines.md), written once more and apart from the machine: it reads a log
// from its beginning and says where an event is not what the rules allow.
import type { NewEvent, Outcome } from "../../src/machine/events.ts";
import type { Plan, PlannedStage } from "../../src/model/plan.ts";

type End = NewEvent<
  "stage-succeeded" | "stage-failed" | "stage-cancelled" | "stage-skipped" | "stage-bypassed"
>;
const ENDS: ReadonlySet<string> = new Set([
  "stage-succeeded",
  "stage-failed",
  "stage-cancelled",
  "stage-skipped",
  "stage-bypassed",
]);

/** What is wrong with a log; empty when nothing is. */
export function wrongIn(plan: Plan, log: readonly NewEvent[]): readonly string[] {
  const reader = new Reader(plan);
  for (const event of log) reader.read(event);
  return reader.wrong;
}

class Reader {
  readonly wrong: string[] = [];
  readonly #plan: Plan;
  readonly #began = new Set<string>();
  readonly #ends = new Map<string, End>();
  #cancel: "graceful" | "forced" | undefined;
  #late = false;
  #over = false;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  read(event: NewEvent): void {
    if (this.#over && event.type !== "run-retried") this.#say(`${event.type} after the end`);
    if (event.type === "run-cancel-requested") this.#cancel = event.mode;
    else if (event.type === "run-timed-out") this.#late = true;
    else if (event.type === "run-retried") this.#retry(event.stages);
    else if (event.type === "run-finished") this.#finish(event.outcome);
    else if (event.type === "stage-started") this.#start(this.#stage(event.stage));
    else if (ENDS.has(event.type)) this.#end(event as End);
  }

  #start(stage: PlannedStage): void {
    if (this.#began.has(stage.name) || this.#ends.has(stage.name)) this.#say(`${stage.name} begins twice`);
    if (!this.#mayBegin(stage)) this.#say(`${stage.name} begins although it must not`);
    this.#began.add(stage.name);
  }

  #end(event: End): void {
    const stage = this.#stage(event.stage);
    const { name } = stage;
    const began = this.#began.has(name);
    if (this.#ends.has(name)) this.#say(`${name} ends twice`);
    if (event.type === "stage-skipped" && (began || !this.#mustSkip(stage)))
      this.#say(`${name} is skipped without need`);
    if (event.type === "stage-bypassed" && event.by === "condition" && !this.#mayBegin(stage))
      this.#say(`the condition of ${name} is asked too early`);
    if (event.type === "stage-bypassed" && event.by === "operator" && !stage.skippable)
      this.#say(`${name} may not be skipped`);
    if (event.type === "stage-cancelled" && !this.#stops(stage)) this.#say(`${name} is cancelled by nobody`);
    this.#ends.set(name, event);
  }

  #retry(stages: readonly string[]): void {
    for (const name of stages) {
      this.#began.delete(name);
      this.#ends.delete(name);
    }
    if (!this.#over) return;
    this.#over = false;
    this.#late = false;
    this.#cancel = undefined;
  }

  #finish(outcome: Outcome): void {
    this.#over = true;
    for (const { name } of this.#plan.stages)
      if (!this.#ends.has(name)) this.#say(`the run ends before ${name}`);
    const expected = this.#outcome();
    if (outcome !== expected) this.#say(`the run ends ${outcome}, the rule says ${expected}`);
  }

  // ---- the rules

  #mayBegin(stage: PlannedStage): boolean {
    if (stage.role === undefined) return !this.#halted() && this.#joins(stage);
    if (this.#cancel === "forced") return false;
    return this.#isTurn(stage) && this.#isNeeded(stage) && this.#joins(stage);
  }

  #mustSkip(stage: PlannedStage): boolean {
    if (stage.role === undefined) return this.#halted() || this.#neverJoins(stage);
    if (this.#cancel === "forced") return true;
    return this.#isTurn(stage) && (!this.#isNeeded(stage) || this.#neverJoins(stage));
  }

  #halted(): boolean {
    const failed = this.#plan.stages.some(
      (stage) => stage.role === undefined && this.#has(stage, "stage-failed") && policy(stage) === "fail-run",
    );
    return this.#cancel !== undefined || this.#late || failed;
  }

  #isTurn({ role, clears }: PlannedStage): boolean {
    if (role === "on-failure" && clears) return clears.every((name) => this.#ends.has(name));
    const before = this.#plan.stages.filter((other) =>
      role === "finally" ? other.role !== "finally" : other.role === undefined,
    );
    return before.every(({ name }) => this.#ends.has(name));
  }

  #isNeeded({ role, clears, onCancel }: PlannedStage): boolean {
    if (role === "finally") return true;
    if (!clears)
      return this.#failures().length > 0 || this.#late || (onCancel === true && this.#cancel !== undefined);
    return clears.some((name) => {
      const stage = this.#stage(name);
      return this.#has(stage, "stage-failed") || (onCancel === true && this.#has(stage, "stage-cancelled"));
    });
  }

  #joins({ after, join }: PlannedStage): boolean {
    if (!after.every((name) => this.#ends.has(name))) return false;
    if (join === "over" || after.length === 0) return true;
    return join === "any"
      ? after.some((name) => this.#passed(name))
      : after.every((name) => this.#passed(name));
  }

  #neverJoins({ after, join }: PlannedStage): boolean {
    if (join === "over") return false;
    const stopped = after.filter((name) => this.#ends.has(name) && !this.#passed(name));
    return join === "any" ? after.length > 0 && stopped.length === after.length : stopped.length > 0;
  }

  #passed(name: string): boolean {
    const end = this.#ends.get(name);
    if (end?.type === "stage-failed") return ["continue", "ignore"].includes(policy(this.#stage(name)));
    return end?.type === "stage-succeeded" || end?.type === "stage-bypassed";
  }

  #stops({ role }: PlannedStage): boolean {
    return this.#cancel === "forced" || (this.#cancel === "graceful" && role === undefined);
  }

  #failures(): readonly PlannedStage[] {
    return this.#plan.stages.filter((stage) => {
      const end = this.#ends.get(stage.name);
      return end?.type === "stage-failed" && (policy(stage) !== "ignore" || end.error.code === "run-timeout");
    });
  }

  #outcome(): Outcome {
    const failures = this.#failures();
    if (failures.length > 0)
      return failures.every((stage) => this.#isUndone(stage)) ? "rolled-back" : "failed";
    if (this.#late) return "failed";
    const stopped = this.#plan.stages.some(
      (stage) =>
        this.#has(stage, "stage-cancelled") ||
        (stage.role !== "on-failure" && this.#has(stage, "stage-skipped")),
    );
    return stopped ? "cancelled" : "succeeded";
  }

  #isUndone({ name, kind, role }: PlannedStage): boolean {
    const end = this.#ends.get(name);
    if (end?.type === "stage-failed" && end.rolledBack) return true;
    if (role !== undefined) return false;
    const undoing = this.#plan.stages.filter((stage) => this.#has(stage, "stage-succeeded"));
    return undoing.some(({ undoes, clears }) => {
      if (undoes === undefined) return false;
      if (undoes !== true) return undoes.includes(name);
      return clears ? clears.includes(name) : kind !== "rollout";
    });
  }

  #has({ name }: PlannedStage, type: End["type"]): boolean {
    return this.#ends.get(name)?.type === type;
  }

  #stage(name: string): PlannedStage {
    return this.#plan.stages.find((stage) => stage.name === name)!;
  }

  #say(what: string): void {
    this.wrong.push(what);
  }
}

function policy({ onFailure, role }: PlannedStage): string {
  return onFailure ?? (role ? "continue" : "fail-run");
}
