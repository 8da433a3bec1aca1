import pRetry from "p-retry";
import {
  ConfigurationError,
  DeliveryError,
  ProviderError,
  TimeoutError,
  UnsupportedError,
} from "../errors.ts";
import type { Cluster, ClusterState } from "../model/cluster.ts";
import { clusterId } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import { formatDuration } from "../model/duration.ts";
import type { CommandResult, NewEvent, RolloutCommand } from "../machine/events.ts";
import type { Clock } from "../ports/clock.ts";
import type { CallOptions, Provider, Token } from "../ports/provider.ts";
import { sleep } from "./sleep.ts";

/** How patient calls are. */
export interface CallLimits {
  /** Milliseconds for one call. */
  readonly timeoutMs: number;
  /** Repetitions of a call that surely changed nothing. */
  readonly retries: number;
}

const TIMEOUT_MS = 60_000;
const RETRIES = 5;

/**
 * Limits with their defaults.
 *
 * @throws ConfigurationError when they are not limits
 */
export function callLimits({
  timeoutMs = TIMEOUT_MS,
  retries = RETRIES,
}: Partial<CallLimits> = {}): CallLimits {
  const problems = [
    ...(Number.isFinite(timeoutMs) && timeoutMs > 0
      ? []
      : [`calls.timeoutMs: ${timeoutMs} is not a number of milliseconds above 0`]),
    ...(Number.isSafeInteger(retries) && retries >= 0
      ? []
      : [`calls.retries: ${retries} is not a whole number from 0 on`]),
  ];
  if (problems.length > 0) throw new ConfigurationError("createDelivery", problems);
  return { timeoutMs, retries };
}

/** Puts secrets in the place of their references, in what a provider is given to run. */
export type Reveal = (release: Json, signal: AbortSignal) => Promise<Json>;

/** How a command ended, and with what error. `fenced`: somebody newer has the cluster. */
export interface CommandEnd {
  readonly result: CommandResult | "fenced";
  readonly error?: unknown;
  /** For `fenced`: the run that has the cluster now, if known. */
  readonly claimedBy?: string;
}

const PREVIEW_MS = 5000;
const DELAY_MS = 250;
const DELAY_MAX_MS = 10_000;

/**
 * Calls of one provider for one cluster: bounded in time, repeated where that is safe, and with one kind of ending.
 * A read is repeated on any retryable error. A command is repeated only when it surely changed nothing: one whose
 * answer was lost may still land, so it is reported as unknown and the rollout claims the cluster anew.
 */
export class ProviderCalls {
  readonly provider: Provider;
  readonly cluster: Cluster;
  readonly #clock: Clock;
  readonly #limits: CallLimits;
  readonly #reveal: Reveal;

  constructor(
    provider: Provider,
    cluster: Cluster,
    clock: Clock,
    limits: CallLimits,
    reveal: Reveal = async (release) => release,
  ) {
    this.provider = provider;
    this.cluster = cluster;
    this.#clock = clock;
    this.#limits = limits;
    this.#reveal = reveal;
  }

  observe(signal: AbortSignal): Promise<ClusterState> {
    return this.#repeat(
      (options) => this.provider.observe(this.cluster, options),
      "observe",
      signal,
      isRetryable,
    );
  }

  claim(run: string, signal: AbortSignal): Promise<number> {
    return this.#repeat(
      (options) => this.provider.claim(this.cluster, { run }, options),
      "claim",
      signal,
      isRetryable,
    );
  }

  check(release: Json, signal: AbortSignal): Promise<readonly string[]> {
    return this.#repeat(
      (options) => this.provider.check(this.cluster, release, options),
      "check",
      signal,
      isRetryable,
    );
  }

  /** Opens a door to one group. Asked once, with little patience: nothing depends on it. */
  preview(group: string, signal: AbortSignal): Promise<string> {
    const { provider, cluster } = this;
    return this.#bounded(
      async (options) => {
        if (!provider.preview) throw new UnsupportedError(`provider ${provider.name} has no preview`);
        return (await provider.preview(cluster, group, options)).address;
      },
      "preview",
      signal,
      Math.min(PREVIEW_MS, this.#limits.timeoutMs),
    );
  }

  /** What is wrong with stable's release, where a second group of it is to be made. */
  async checkBaseline(
    planned: NewEvent<"rollout-planned">,
    world: ClusterState,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const release = planned.baseline && stableRelease(planned, world);
    if (release === undefined) return [];
    const found = await this.check(release, signal);
    return found.map((problem) => `baseline: the release of ${planned.before?.group}: ${problem}`);
  }

  /** Says a command; a group is only made of a release. Never rejects, except with the signal's reason. */
  async say(
    body: RolloutCommand,
    release: Json | undefined,
    token: Token,
    signal: AbortSignal,
  ): Promise<CommandEnd> {
    if (body.do === "create-group" && release === undefined)
      return { result: "failed", error: this.#untold(body.do) };
    try {
      await this.#repeat(
        (options) => this.#send(body, release ?? null, token, options),
        body.do,
        signal,
        surelyNothing,
      );
      return { result: "acknowledged" };
    } catch (error) {
      signal.throwIfAborted();
      return endOf(error);
    }
  }

  async #send(body: RolloutCommand, release: Json, token: Token, options: CallOptions): Promise<void> {
    const { provider, cluster } = this;
    if (body.do === "create-group") {
      const patience = options.signal ?? new AbortController().signal;
      const spec = { key: body.key, release: await this.#reveal(release, patience), size: body.size };
      await provider.createGroup(cluster, spec, token, options);
    } else if (body.do === "scale-group") await provider.scaleGroup(cluster, body, token, options);
    else if (body.do === "set-traffic") await provider.setTraffic(cluster, body, token, options);
    else await provider.destroyGroup(cluster, body, token, options);
  }

  #repeat<T>(
    call: (options: CallOptions) => Promise<T>,
    operation: string,
    signal: AbortSignal,
    again: (error: unknown) => boolean,
  ): Promise<T> {
    return pRetry(() => this.#bounded(call, operation, signal), {
      retries: this.#limits.retries,
      minTimeout: 0,
      signal,
      // The pause is ours, by the injected clock; p-retry's own would be real time.
      shouldRetry: async ({ error, attemptNumber }) => {
        if (!again(error)) return false;
        const asked = error instanceof ProviderError ? error.retryAfterMs : undefined;
        await sleep(
          this.#clock,
          asked ?? Math.min(DELAY_MAX_MS, DELAY_MS * 2 ** (attemptNumber - 1)),
          signal,
        );
        return !signal.aborted;
      },
    });
  }

  // A provider that never answers must not hold up a deadline.
  async #bounded<T>(
    call: (options: CallOptions) => Promise<T>,
    operation: string,
    signal: AbortSignal,
    timeoutMs: number = this.#limits.timeoutMs,
  ): Promise<T> {
    signal.throwIfAborted();
    // Not AbortSignal.any: what it makes lives as long as the signal, and that one may last for days.
    const stop = new AbortController();
    const stopped = Promise.withResolvers<never>();
    const end = (reason: unknown): void => {
      stop.abort(reason);
      stopped.reject(reason);
    };
    const abort = (): void => end(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const callOff = this.#clock.after(timeoutMs, () => end(this.#late(operation, timeoutMs)));
    try {
      return await Promise.race([call({ signal: stop.signal }), stopped.promise]);
    } catch (error) {
      throw DeliveryError.is(error) || signal.aborted ? error : this.#foreign(operation, error);
    } finally {
      callOff();
      signal.removeEventListener("abort", abort);
    }
  }

  #untold(operation: string): ProviderError {
    const { name } = this.provider;
    const message =
      "the provider no longer tells which release stable runs, of which a baseline was to be made";
    const resource = clusterId(this.cluster);
    return new ProviderError({ provider: name, operation, resource, kind: "invalid", message });
  }

  #late(operation: string, timeoutMs: number): TimeoutError {
    return new TimeoutError(
      `${clusterId(this.cluster)}: ${operation} did not answer within ${formatDuration(timeoutMs)}`,
    );
  }

  // Providers are to throw ProviderErrors. One that throws anything else may have done anything.
  #foreign(operation: string, thrown: unknown): ProviderError {
    const message = thrown instanceof Error ? thrown.message : `${String(thrown)} was thrown`;
    const { name } = this.provider;
    return new ProviderError(
      { provider: name, operation, resource: clusterId(this.cluster), kind: "unavailable", message },
      { cause: thrown },
    );
  }
}

/** The release of stable as the provider told it; undefined: it did not. */
export function stableRelease(
  planned: Pick<NewEvent<"rollout-planned">, "before"> | undefined,
  world: ClusterState | undefined,
): Json | undefined {
  return world?.groups.find(({ name }) => name === planned?.before?.group)?.release;
}

function isRetryable(error: unknown): boolean {
  return DeliveryError.is(error) && error.retryable;
}

function surelyNothing(error: unknown): boolean {
  return isProviderError(error) && error.retryable && !error.ambiguous && error.kind !== "conflict";
}

function isProviderError(error: unknown): error is ProviderError {
  return DeliveryError.is(error) && error.code === "GENNAKER_PROVIDER";
}

function endOf(error: unknown): CommandEnd {
  if (!isProviderError(error)) return { result: "unknown", error };
  const { kind, ambiguous, claimedBy } = error;
  if (kind === "fenced") return { result: "fenced", error, ...(claimedBy !== undefined && { claimedBy }) };
  if (kind === "conflict") return { result: "refused", error };
  return { result: ambiguous ? "unknown" : "failed", error };
}
