import type { ProviderErrorKind } from "@gennaker/core/ports";

/** An answer of the API server that is no success. */
export class ApiFailure extends Error {
  readonly status: number;
  /** As Kubernetes words it: `AlreadyExists`, `Conflict`, `Forbidden`. */
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message);
    this.name = "ApiFailure";
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer, or a broken one. */
export class NoAnswer extends Error {
  /** True when the request may have been carried out. */
  readonly ambiguous: boolean;

  constructor(message: string, ambiguous: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "NoAnswer";
    this.ambiguous = ambiguous;
  }
}

/** Our own no: nothing was sent. */
export class Refusal extends Error {
  readonly kind: ProviderErrorKind;
  readonly claimedBy: string | undefined;

  constructor(kind: ProviderErrorKind, message: string, claimedBy?: string) {
    super(message);
    this.name = "Refusal";
    this.kind = kind;
    this.claimedBy = claimedBy;
  }
}

interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** What a failed answer says; its body is a `Status`, but a proxy in between may have written anything. */
export function failureOf(status: number, retryAfter: string | undefined, body: string): ApiFailure {
  const said = statusOf(body);
  const seconds = Number(retryAfter ?? said.details?.retryAfterSeconds);
  const waitMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
  const message = said.message ?? `the API server answered ${status}`;
  return new ApiFailure(status, said.reason ?? "", message, waitMs);
}

function statusOf(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** Whether an error is this answer: `isAnswer(error, 409, "AlreadyExists")`. */
export function isAnswer(error: unknown, status: number, reason?: string): error is ApiFailure {
  return (
    error instanceof ApiFailure &&
    error.status === status &&
    (reason === undefined || error.reason === reason)
  );
}

/** A condition of a write did not hold: a resource version, a `test` of a JSON patch. */
export function isLostRace(error: unknown): boolean {
  if (!(error instanceof ApiFailure)) return false;
  if (error.status === 409) return error.reason !== "AlreadyExists";
  // A failed `test` is told as 422 in these general words; an invalid object is named in its message.
  return error.status === 422 && /rejected our request due to an error in our request/.test(error.message);
}

const KINDS: { readonly [status: number]: ProviderErrorKind } = {
  400: "invalid",
  401: "denied",
  403: "denied",
  404: "not-found",
  405: "invalid",
  409: "conflict",
  413: "invalid",
  415: "invalid",
  422: "invalid",
  429: "throttled",
};

/** The port's kind of an answer. */
function kindOf({ status, message }: ApiFailure): ProviderErrorKind {
  if (status === 403 && /exceeded quota/.test(message)) return "quota";
  return KINDS[status] ?? "unavailable";
}

/** The kind and message of anything thrown inside a call, and what it may have changed. */
export interface Told {
  readonly kind: ProviderErrorKind;
  readonly message: string;
  readonly ambiguous: boolean;
  readonly claimedBy?: string;
  readonly retryAfterMs?: number;
}

/** `wrote`: something of this call had landed before it failed. Undefined: not an error of this kind. */
export function told(error: unknown, wrote: boolean): Told | undefined {
  if (error instanceof Refusal)
    return {
      kind: error.kind,
      message: error.message,
      ambiguous: false,
      ...(error.claimedBy !== undefined && { claimedBy: error.claimedBy }),
    };
  if (error instanceof NoAnswer)
    return { kind: "unavailable", message: error.message, ambiguous: wrote || error.ambiguous };
  if (!(error instanceof ApiFailure)) return undefined;
  const kind = kindOf(error);
  return {
    kind,
    message:
      kind === "denied"
        ? `${error.message}; role(cluster) of the provider prints what it needs`
        : error.message,
    // A server that breaks down while it answers may have carried out what it was asked.
    ambiguous: kind === "unavailable" || (kind === "throttled" && wrote),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  };
}
