import type { Event, NewEvent, Outcome, PlannedStage } from "@gennaker/core/ports";

type End = NewEvent<
  "stage-succeeded" | "stage-failed" | "stage-cancelled" | "stage-skipped" | "stage-bypassed"
>;

/** What a run has come to so far, as its log says. */
interface Course {
  plan: readonly PlannedStage[];
  readonly ends: Map<string, End>;
  late: boolean;
}

/** Holds the end of every run against the documented rule (docs/guide/pipelines.md), which it has written once more. */
export class OutcomeJudge {
  readonly #courses = new Map<string, Course>();

  /** Hears of an event; what is wrong with it. */
  notice(event: Event): string | undefined {
    if (event.type === "run-started")
      this.#courses.set(event.run, { plan: event.plan.stages, ends: new Map(), late: false });
    const course = this.#courses.get(event.run);
    if (!course) return undefined;
    if (event.type === "run-timed-out") course.late = true;
    if (event.type === "plan-expanded")
      course.plan = [...course.plan.filter(({ of }) => of !== event.stage), ...event.stages];
    if (event.type === "run-retried") {
      course.late = false;
      for (const stage of event.stages) course.ends.delete(stage);
    }
    if (isEnd(event)) course.ends.set(event.stage, event);
    return event.type === "run-finished" ? wrongEnd(event, course) : undefined;
  }
}

function isEnd(event: Event): event is Event & End {
  return /^stage-(succeeded|failed|cancelled|skipped|bypassed)$/.test(event.type);
}

function wrongEnd({ run, outcome }: Event<"run-finished">, course: Course): string | undefined {
  const open = course.plan.filter(({ name }) => !course.ends.has(name));
  if (open.length > 0) return `${run} ended before ${open.map(({ name }) => name).join(", ")}`;
  const ruled = ruledOutcome(course);
  return ruled === outcome ? undefined : `${run} ended ${outcome}, and the rule says ${ruled}`;
}

function ruledOutcome(course: Course): Outcome {
  const { plan, ends, late } = course;
  const failures = plan.filter(({ name, onFailure }) => {
    const end = ends.get(name);
    return end?.type === "stage-failed" && (onFailure !== "ignore" || end.error.code === "run-timeout");
  });
  if (failures.length > 0)
    return failures.every((stage) => isUndone(stage, course)) ? "rolled-back" : "failed";
  if (late) return "failed";
  const stopped = plan.some(({ name, role }) => {
    const end = ends.get(name)?.type;
    return end === "stage-cancelled" || (end === "stage-skipped" && role !== "on-failure");
  });
  return stopped ? "cancelled" : "succeeded";
}

function isUndone({ name, kind, role }: PlannedStage, { plan, ends }: Course): boolean {
  const end = ends.get(name);
  if (end?.type === "stage-failed" && end.rolledBack) return true;
  if (role !== undefined) return false;
  return plan.some(({ name: other, undoes, clears }) => {
    if (undoes === undefined || ends.get(other)?.type !== "stage-succeeded") return false;
    if (undoes !== true) return undoes.includes(name);
    return clears ? clears.includes(name) : kind !== "rollout";
  });
}
