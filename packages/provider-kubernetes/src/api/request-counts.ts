/** How many requests of one sort were sent. */
export interface RequestCount {
  /** `get`, `list`, `watch`, `create`, `patch`, `apply`, `delete`. */
  readonly verb: string;
  /** `replicasets`, `replicasets/scale`, `pods`. */
  readonly resource: string;
  /** HTTP status of the answer; 0 when there was none. */
  readonly code: number;
  readonly count: number;
}

/** Counts requests by verb, kind and code, as metrics want them. */
export class RequestCounts {
  readonly #counts = new Map<string, RequestCount>();

  add(verb: string, resource: string, code: number): void {
    const key = `${verb} ${resource} ${code}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { verb, resource, code, count });
  }

  all(): readonly RequestCount[] {
    return [...this.#counts.values()];
  }
}
