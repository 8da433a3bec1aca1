import type { Event, RunAdmission } from "@gennaker/core/ports";

/** Counts the runs that are under way at once, by what the log says. */
export class AdmissionJudge {
  readonly #asked = new Map<string, RunAdmission>();
  readonly #waiting = new Set<string>();
  readonly #underWay = new Map<string, Set<string>>();

  /** Hears of an event; what is wrong with it. */
  notice(event: Event): string | undefined {
    const { run } = event;
    if (event.type === "run-started" && event.admission) {
      this.#asked.set(run, event.admission);
      this.#waiting.add(run);
    }
    const asked = this.#asked.get(run);
    if (!asked) return undefined;
    const under = this.#underWay.get(asked.permit) ?? new Set();
    this.#underWay.set(asked.permit, under);
    if (event.type === "run-finished") {
      under.delete(run);
      this.#waiting.delete(run);
    }
    if (event.type === "run-retried" && !under.has(run)) this.#waiting.add(run);
    if (event.type === "run-admitted") {
      under.add(run);
      this.#waiting.delete(run);
      if (under.size > asked.limit)
        return `${run} was admitted beside ${[...under].filter((other) => other !== run).join(", ")}: ${asked.limit} may be under way for ${asked.permit}`;
    }
    return event.type === "stage-started" && this.#waiting.has(run)
      ? `stage ${event.stage} of ${run} began before it was the turn of the run`
      : undefined;
  }
}
