import type { RequestKind } from "./request-kind.ts";

/** What goes wrong, for which requests, and how often. */
export interface Fault {
  /** Only these requests. @default all */
  readonly only?: (request: RequestKind) => boolean;
  /** For how many requests; the fault is over then. @default until it is healed */
  readonly times?: number;
  /**
   * - a status: answered with it and a Kubernetes `Status`, and the API server never hears of it
   * - `lost-answer`: the API server does it, and the connection ends without an answer
   * - `reset`: the connection ends, and the API server never hears of it
   * - `hang`: no answer, until the fault is healed or the proxy closed; then the connection ends
   */
  readonly is: 401 | 403 | 409 | 410 | 429 | 500 | 503 | 504 | "lost-answer" | "reset" | "hang";
  /** For 429 and 503: the header, in seconds. */
  readonly retryAfter?: number;
}

/** A fault that is in force. */
export interface ActiveFault {
  /** How many requests it has hit. */
  readonly hits: number;
  /** Ends it. */
  heal(): void;
}

const REASONS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  409: "Conflict",
  410: "Expired",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** The body that the API server would have answered with. */
export function statusBody(code: number, { resource, name }: RequestKind): string {
  const reason = REASONS[code] ?? "Unknown";
  return JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${reason}: injected by the test bed`,
    reason,
    details: { kind: resource, ...(name === undefined ? {} : { name }) },
    code,
  });
}
