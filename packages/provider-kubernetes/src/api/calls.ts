import type { KubernetesObject } from "../objects/objects.ts";
import { FIELD_MANAGER } from "../marks.ts";
import { failureOf, isAnswer, NoAnswer, Refusal } from "./failure.ts";
import type { KubernetesApi } from "./port.ts";
import type { RequestCounts } from "./request-counts.ts";
import { apiVersion, pathOf, type Resource } from "./resource.ts";
import { Turnstile } from "./turnstile.ts";
import { pause } from "../pause.ts";

/** One call of the provider: what its requests have in common. */
export interface Call {
  readonly signal: AbortSignal | undefined;
  /** Whether something that changes the world was sent, and may have landed. */
  wrote: boolean;
  /** The newest version that was written, by kind; what is looked at afterwards must not be older. */
  readonly versions?: Map<string, bigint>;
}

/** What a list is limited to. */
export interface Selection {
  readonly labels?: string;
  readonly fields?: string;
}

/** Objects and the version of the world in which they were so. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

/** One line of a watch. */
export interface WatchLine {
  readonly type: string;
  readonly object: KubernetesObject & { readonly code?: number; readonly message?: string };
}

/** A step of a JSON patch. */
export interface PatchStep {
  readonly op: "test" | "add" | "replace" | "remove";
  readonly path: string;
  readonly value?: unknown;
}

type Query = Readonly<Record<string, string | undefined>>;

interface Sending {
  readonly verb: string;
  readonly kind: Resource;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly name?: string;
  readonly subresource?: string;
  readonly query?: Query;
  readonly body?: object;
  readonly contentType?: string;
  readonly clusterScoped?: boolean;
}

const MERGE = "application/merge-patch+json";
const JSON_PATCH = "application/json-patch+json";
const APPLY = "application/apply-patch+yaml";
const AT_ONCE = 16;
const THROTTLE_TRIES = 3;
const THROTTLE_MAX_MS = 5000;

/** Requests to one namespace: counted, bounded in time, repeated when throttled. */
export class Calls {
  readonly namespace: string;
  readonly #api: KubernetesApi;
  readonly #counts: RequestCounts;
  readonly #timeoutMs: number;
  // Thousands of requests at once would wait for each other in the server instead, until they are too late.
  readonly #turnstile = new Turnstile(AT_ONCE);

  constructor(api: KubernetesApi, counts: RequestCounts, namespace: string, timeoutMs: number) {
    this.#api = api;
    this.#counts = counts;
    this.namespace = namespace;
    this.#timeoutMs = timeoutMs;
  }

  get<T extends KubernetesObject>(kind: Resource, name: string, call: Call): Promise<T> {
    return this.#json<T>({ verb: "get", kind, method: "GET", name }, call);
  }

  /** Undefined when there is no such object. */
  async find<T extends KubernetesObject>(kind: Resource, name: string, call: Call): Promise<T | undefined> {
    try {
      return await this.get<T>(kind, name, call);
    } catch (error) {
      if (isAnswer(error, 404)) return undefined;
      throw error;
    }
  }

  async list<T extends KubernetesObject>(
    kind: Resource,
    { labels, fields }: Selection,
    call: Call,
  ): Promise<Listed<T>> {
    const query = { labelSelector: labels, fieldSelector: fields };
    const { items, metadata } = await this.#json<{ items: T[]; metadata: { resourceVersion: string } }>(
      { verb: "list", kind, method: "GET", query },
      call,
    );
    return { items, resourceVersion: metadata.resourceVersion };
  }

  create<T extends KubernetesObject>(
    kind: Resource,
    object: T,
    call: Call,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ): Promise<T> {
    const body = { apiVersion: apiVersion(kind), kind: kind.kind, ...object };
    const query = { fieldManager: FIELD_MANAGER, dryRun: dryRun ? "All" : undefined };
    return this.#json<T>({ verb: "create", kind, method: "POST", query, body }, call);
  }

  /** Merges; with `metadata.resourceVersion` in it, only into that version. */
  merge<T extends KubernetesObject>(
    kind: Resource,
    name: string,
    body: object,
    call: Call,
    subresource?: string,
  ): Promise<T> {
    const query = { fieldManager: FIELD_MANAGER };
    const sending = { verb: "patch", kind, method: "PATCH", name, query, body, contentType: MERGE } as const;
    return this.#json<T>({ ...sending, ...(subresource !== undefined && { subresource }) }, call);
  }

  /** Steps of a JSON patch, all or none; a `test` among them is a condition that the server checks. */
  patch<T extends KubernetesObject>(
    kind: Resource,
    name: string,
    body: readonly PatchStep[],
    call: Call,
  ): Promise<T> {
    const query = { fieldManager: FIELD_MANAGER };
    return this.#json<T>(
      { verb: "patch", kind, method: "PATCH", name, query, body, contentType: JSON_PATCH },
      call,
    );
  }

  /** Server-side apply: says what fields are to be, and owns them as `manager`. */
  apply<T extends KubernetesObject>(
    kind: Resource,
    object: KubernetesObject,
    manager: string,
    call: Call,
  ): Promise<T> {
    const body = { apiVersion: apiVersion(kind), kind: kind.kind, ...object };
    const query = { fieldManager: manager, force: "true" };
    const { name } = object.metadata;
    return this.#json<T>(
      { verb: "apply", kind, method: "PATCH", name, query, body, contentType: APPLY },
      call,
    );
  }

  async delete(
    kind: Resource,
    { name, uid, resourceVersion }: { name: string; uid?: string; resourceVersion?: string },
    call: Call,
    propagationPolicy: "Background" | "Orphan" = "Background",
  ): Promise<void> {
    const preconditions = { ...(uid !== undefined && { uid }), ...(resourceVersion && { resourceVersion }) };
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy, preconditions };
    await this.#json({ verb: "delete", kind, method: "DELETE", name, body }, call);
  }

  /** Creates something that belongs to no namespace and is only an answer: an access review. */
  review<T extends object>(kind: Resource, body: object, call: Call): Promise<T> {
    const whole = { apiVersion: apiVersion(kind), kind: kind.kind, ...body };
    return this.#json<T>(
      { verb: "create", kind, method: "POST", body: whole, clusterScoped: true },
      // Asking changes nothing.
      { signal: call.signal, wrote: false },
    );
  }

  /**
   * Changes after `resourceVersion`, until the server ends the watch. Silence for `idleMs` ends it too: the server sends
   * bookmarks about once a minute, so a silent one is broken.
   */
  async *watch(
    kind: Resource,
    { labels, fields }: Selection,
    resourceVersion: string,
    { signal, idleMs, lastsSeconds }: { signal: AbortSignal; idleMs: number; lastsSeconds: number },
  ): AsyncGenerator<WatchLine> {
    const query = {
      watch: "true",
      allowWatchBookmarks: "true",
      timeoutSeconds: String(lastsSeconds),
      resourceVersion,
      labelSelector: labels,
      fieldSelector: fields,
    };
    const timer = new IdleTimer(signal);
    try {
      timer.start(this.#timeoutMs);
      const response = await this.#send({ verb: "watch", kind, method: "GET", query }, timer.signal);
      if (response.status !== 200)
        throw failureOf(response.status, response.header("retry-after"), await response.text());
      timer.start(idleMs);
      for await (const line of response.lines()) {
        timer.start(idleMs);
        if (line !== "") yield JSON.parse(line) as WatchLine;
      }
    } finally {
      timer.stop();
    }
  }

  async #json<T>(sending: Sending, call: Call): Promise<T> {
    for (let tries = 1; ; tries++) {
      call.signal?.throwIfAborted();
      const { status, retryAfter, text } = await this.#turnstile.pass(
        () => this.#bounded(sending, call),
        call.signal,
      );
      if (status >= 200 && status < 300) {
        const result = JSON.parse(text) as T;
        if (sending.method !== "GET") remember(call, sending.kind.plural, result);
        return result;
      }
      const failure = failureOf(status, retryAfter, text);
      const waitMs = failure.retryAfterMs ?? 1000;
      if (status !== 429 || tries >= THROTTLE_TRIES || waitMs > THROTTLE_MAX_MS) throw failure;
      await pause(waitMs, call.signal);
    }
  }

  async #bounded(
    sending: Sending,
    call: Call,
  ): Promise<{ status: number; retryAfter: string | undefined; text: string }> {
    const changes = sending.method !== "GET" && sending.query?.["dryRun"] === undefined;
    const timer = new IdleTimer(call.signal);
    timer.start(this.#timeoutMs);
    const wroteBefore = call.wrote;
    if (changes) call.wrote = true;
    try {
      const response = await this.#send(sending, timer.signal);
      const text = await response.text();
      // It was refused, so it changed nothing.
      if (response.status >= 400 && response.status < 500) call.wrote = wroteBefore;
      return { status: response.status, retryAfter: response.header("retry-after"), text };
    } catch (error) {
      call.signal?.throwIfAborted();
      const refused = error instanceof Refusal || neverConnected(error);
      if (refused) call.wrote = wroteBefore;
      if (error instanceof Refusal) throw error;
      throw new NoAnswer(
        timer.fired ? `no answer within ${this.#timeoutMs} ms` : reasonOf(error),
        changes && !refused,
        error,
      );
    } finally {
      timer.stop();
    }
  }

  async #send(
    { verb, kind, method, name, subresource, query = {}, body, contentType, clusterScoped }: Sending,
    signal: AbortSignal,
  ): ReturnType<KubernetesApi["send"]> {
    const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
    const path = clusterScoped
      ? `/apis/${kind.group}/${kind.version}/${kind.plural}`
      : pathOf(kind, this.namespace, name, subresource);
    try {
      const response = await this.#api.send({
        method,
        path: path + search(query),
        signal,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          contentType: contentType ?? "application/json",
        }),
      });
      this.#counts.add(verb, resource, response.status);
      return response;
    } catch (error) {
      this.#counts.add(verb, resource, 0);
      throw error;
    }
  }
}

function remember({ versions }: Call, plural: string, result: unknown): void {
  const { resourceVersion } = (result as Partial<KubernetesObject>).metadata ?? {};
  if (!versions || resourceVersion === undefined || !/^\d+$/.test(resourceVersion)) return;
  const version = BigInt(resourceVersion);
  if (version > (versions.get(plural) ?? 0n)) versions.set(plural, version);
}

function search(query: Query): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

/** The whole chain: undici says only "fetch failed" and hides why in its cause. */
function* causes(error: unknown): Generator<Error & { readonly code?: string }> {
  for (let at = error; at instanceof Error; at = at.cause) yield at;
}

function neverConnected(error: unknown): boolean {
  const codes = new Set([
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
  ]);
  return [...causes(error)].some(({ code }) => code !== undefined && codes.has(code));
}

function reasonOf(error: unknown): string {
  const chain = [...causes(error)];
  return chain.length === 0 ? String(error) : [...new Set(chain.map(({ message }) => message))].join(": ");
}

/** Ends a request when it was silent for too long, or when its caller wants it ended. */
class IdleTimer {
  readonly #stopper = new AbortController();
  readonly #outer: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  fired = false;

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted) this.#abort();
    else outer?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#stopper.signal;
  }

  readonly #abort = (): void => this.#stopper.abort(this.#outer?.reason);

  start(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.fired = true;
      this.#stopper.abort(new Error(`silent for ${ms} ms`));
    }, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
    // Ends what still comes, for a caller that looked at enough of it.
    this.#stopper.abort(new Error("over"));
  }
}
