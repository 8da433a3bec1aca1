// The whole taxonomy on one screen. A kind exists only where a caller acts differently.
import type { Json } from "./model/json.ts";

const MARK = Symbol.for("gennaker.error");

/** Stable codes, for programs. */
export type ErrorCode =
  | "GENNAKER_CONFIGURATION"
  | "GENNAKER_UNSUPPORTED"
  | "GENNAKER_PROVIDER"
  | "GENNAKER_DENIED"
  | "GENNAKER_CONFLICT"
  | "GENNAKER_TIMEOUT"
  | "GENNAKER_INVARIANT";

/** What a `DeliveryError` is made of. */
export interface ErrorOptions {
  readonly cause?: unknown;
  /** JSON for programs and logs; never secrets. */
  readonly details?: { readonly [key: string]: Json };
  readonly retryable?: boolean;
}

/** Whatever Gennaker throws. The message says what happened, on which resource, and what to do next. */
export class DeliveryError extends Error {
  readonly code: ErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  readonly details: { readonly [key: string]: Json };

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    Object.defineProperty(this, MARK, { value: true });
  }

  /** Whether it is one of ours; true also across copies of this package. */
  static is(value: unknown): value is DeliveryError {
    return typeof value === "object" && value !== null && MARK in value;
  }
}

/** Something given to us is wrong. All problems at once; nothing was changed. */
export class ConfigurationError extends DeliveryError {
  readonly problems: readonly string[];

  constructor(subject: string, problems: readonly string[], options: ErrorOptions = {}) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super("GENNAKER_CONFIGURATION", [`${subject} has ${count}`, ...problems].join("\n  "), {
      ...options,
      details: { subject, problems, ...options.details },
    });
    this.problems = problems;
  }
}

/** A provider cannot do what is asked. Raised before anything is changed. */
export class UnsupportedError extends DeliveryError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("GENNAKER_UNSUPPORTED", message, options);
  }
}

/** Why a provider's call failed. */
export type ProviderErrorKind =
  | "throttled"
  | "unavailable"
  | "conflict"
  | "fenced"
  | "not-found"
  | "denied"
  | "quota"
  | "invalid";

const RETRYABLE: ReadonlySet<ProviderErrorKind> = new Set(["throttled", "unavailable", "conflict"]);

/** A call of a provider failed. */
export class ProviderError extends DeliveryError {
  readonly provider: string;
  readonly operation: string;
  readonly resource: string;
  readonly kind: ProviderErrorKind;
  /** Milliseconds that the provider asked us to wait. */
  readonly retryAfterMs?: number;
  /** For `fenced`: the run that has claimed the cluster, if the provider can tell. */
  readonly claimedBy?: string;
  /** False when the call surely changed nothing; true when it may have (a timeout, a lost connection). */
  readonly ambiguous: boolean;

  constructor(
    failure: {
      readonly provider: string;
      readonly operation: string;
      readonly resource: string;
      readonly kind: ProviderErrorKind;
      readonly message: string;
      readonly retryAfterMs?: number;
      readonly ambiguous?: boolean;
      readonly claimedBy?: string;
    },
    options: ErrorOptions = {},
  ) {
    const { provider, operation, resource, kind, message, retryAfterMs, ambiguous, claimedBy } = failure;
    super("GENNAKER_PROVIDER", `${provider} ${resource}: ${operation}: ${message}`, {
      retryable: RETRYABLE.has(kind),
      ...options,
      details: { provider, operation, resource, kind, ...options.details },
    });
    this.provider = provider;
    this.operation = operation;
    this.resource = resource;
    this.kind = kind;
    this.ambiguous = ambiguous ?? kind === "unavailable";
    if (claimedBy !== undefined) this.claimedBy = claimedBy;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** An actor may not do this. Nothing was changed. */
export class DeniedError extends DeliveryError {
  /** Undefined: nobody was named. */
  readonly actor: string | undefined;
  /** What the actor lacks: `EXECUTE`, `JUDGE` … */
  readonly permission: string;
  /** On what, as one text: `pipeline "promote-to-prod" of application "shop"`. */
  readonly resource: string;

  constructor(
    denial: {
      readonly actor: string | undefined;
      readonly permission: string;
      readonly resource: string;
      /** What was to be done: `cancel run 018f…`. */
      readonly operation: string;
    },
    options: ErrorOptions = {},
  ) {
    const { actor, permission, resource, operation } = denial;
    const who = actor === undefined ? "an actor without a name" : JSON.stringify(actor);
    const remedy = actor === undefined ? "; say who acts: pass `actor`, or use delivery.as(actor)" : "";
    super(
      "GENNAKER_DENIED",
      `${who} may not ${operation}: ${permission} on ${resource} is missing${remedy}; nothing was changed`,
      { ...options, details: { actor: actor ?? null, permission, resource, operation, ...options.details } },
    );
    this.actor = actor;
    this.permission = permission;
    this.resource = resource;
  }
}

/** Somebody else was quicker: a lease, a fence or an expected version is lost. The caller stands down or reads again. */
export class ConflictError extends DeliveryError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("GENNAKER_CONFLICT", message, options);
  }
}

/** Something took longer than it may. */
export class TimeoutError extends DeliveryError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("GENNAKER_TIMEOUT", message, { retryable: true, ...options });
  }
}

/** Our own bug: an assertion does not hold. The run is stopped, its log kept. */
export class InvariantError extends DeliveryError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(
      "GENNAKER_INVARIANT",
      `${message} (a bug of Gennaker; please report it with the run's log)`,
      options,
    );
  }
}
