/** What a run does that finds all places taken: it waits, it takes the place of older ones, or it is not started. */
export type AdmissionPolicy = "queue" | "newest-wins" | "reject";

/** How many runs of a pipeline may be under way at once. */
export interface Concurrency<Input> {
  /** So many runs at once, for each key; 1 or more. Default 1. */
  readonly limit?: number;
  /**
   * Runs are counted apart for each key, for example for each service. Called once, when a run is started, with its
   * validated input; pure. The key is recorded and shown: no secrets in it. Default: all runs of the pipeline together.
   */
  readonly key?: (input: Input) => string;
  /**
   * - `"queue"` (default): a run waits for its turn, first come, first served.
   * - `"newest-wins"`: the newest `limit` runs survive. Older ones that wait are cancelled at once, older ones that are
   *   under way take their way back first; both say which run took their place.
   * - `"reject"`: `start` throws a `ConflictError` that names the run in the way, and nothing is recorded.
   */
  readonly policy?: AdmissionPolicy;
}

const POLICIES: readonly string[] = ["queue", "newest-wins", "reject"] satisfies readonly AdmissionPolicy[];

/** What is wrong with a pipeline's concurrency, one line each. */
export function checkConcurrency(concurrency: Concurrency<never> | undefined): readonly string[] {
  if (concurrency === undefined) return [];
  const { limit = 1, key, policy = "queue" } = concurrency;
  return [
    ...(Number.isInteger(limit) && limit >= 1
      ? []
      : [`concurrency: limit: ${String(limit)} is not a number of runs (write 1 or more)`]),
    ...(key === undefined || typeof key === "function"
      ? []
      : ["concurrency: key: must be a function of the input, or left out"]),
    ...(POLICIES.includes(policy)
      ? []
      : [`concurrency: policy: ${JSON.stringify(policy)} is not one of ${POLICIES.join(", ")}`]),
  ];
}
