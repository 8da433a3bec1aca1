import type { IncomingMessage } from "node:http";
import { type CallOptions, type Cluster, ProviderError, type ProviderErrorKind } from "@gennaker/core/ports";
import { PROTOCOL } from "../protocol.ts";
import { exchange, NoAnswer, readAll, SILENCE_MS } from "./exchange.ts";
import type { SupervisorLink } from "./supervisor-link.ts";

/** What the provider asks its supervisor, in terms of the port. */
export class Calls {
  readonly #provider: string;
  readonly #link: SupervisorLink;
  readonly #silenceMs: number;

  constructor(provider: string, link: SupervisorLink, silenceMs: number = SILENCE_MS) {
    this.#provider = provider;
    this.#link = link;
    this.#silenceMs = silenceMs;
  }

  /** @throws ProviderError, ConfigurationError, or the signal's reason */
  async ask<T>(cluster: Cluster, operation: string, body: object, { signal }: CallOptions = {}): Promise<T> {
    const path = `/${PROTOCOL}/clusters/${cluster.name}/${operation}`;
    return this.#guard(cluster.name, operation, () =>
      this.#link.reach(async (socket) => {
        const response = await exchange({
          socket,
          path,
          body,
          silenceMs: this.#silenceMs,
          ...(signal && { signal }),
        });
        const text = await readAll(response, signal);
        if (response.statusCode !== 200) throw this.refusal(cluster.name, operation, text);
        return JSON.parse(text) as T;
      }, signal),
    );
  }

  /** Ends everything, and the supervisor with it. Resolves when no process is left. */
  async shutdown({ signal }: CallOptions = {}): Promise<void> {
    await this.#guard("every cluster", "shutdown", () =>
      this.#link.reach(async (socket) => {
        const path = `/${PROTOCOL}/shutdown`;
        const response = await exchange({ socket, path, body: {}, silenceMs: 0, ...(signal && { signal }) });
        await untilItEnds(response, signal);
      }, signal),
    );
  }

  /** What the supervisor said no to. */
  refusal(resource: string, operation: string, text: string): ProviderError {
    const { kind = "unavailable", message = text, claimedBy } = readRefusal(text);
    return new ProviderError({
      provider: this.#provider,
      operation,
      resource,
      kind,
      message,
      ambiguous: false,
      ...(claimedBy !== undefined && { claimedBy }),
    });
  }

  /** Nobody answers. */
  unavailable(resource: string, operation: string, error: NoAnswer): ProviderError {
    const { socket, logFile } = this.#link;
    const message = `the supervisor does not answer at ${socket}: ${error.message}. See ${logFile}`;
    return new ProviderError(
      { provider: this.#provider, operation, resource, kind: "unavailable", message, ambiguous: error.sent },
      { cause: error },
    );
  }

  async #guard<T>(resource: string, operation: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw error instanceof NoAnswer ? this.unavailable(resource, operation, error) : error;
    }
  }
}

/** The supervisor says "{}" when nothing runs any more; then its end breaks the connection. */
async function untilItEnds(response: IncomingMessage, signal: AbortSignal | undefined): Promise<void> {
  let said = "";
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) said += chunk.toString();
  } catch (error) {
    signal?.throwIfAborted();
    if (said !== "{}\n") throw new NoAnswer("the connection broke", true, error);
  }
}

interface RefusalWords {
  readonly kind?: ProviderErrorKind;
  readonly message?: string;
  readonly claimedBy?: string;
}

function readRefusal(text: string): RefusalWords {
  try {
    return JSON.parse(text) as RefusalWords;
  } catch {
    return {};
  }
}
