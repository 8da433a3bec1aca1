import {
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import type { Lease } from "./balancer.ts";
import { hasBody, type OwnAnswer, unfit } from "./framing.ts";
import { endToEnd, toInstance } from "./headers.ts";
import { RequestBody } from "./request-body.ts";
import type { Target } from "./target.ts";

const ATTEMPTS_MAX = 4;
const KEEP_BYTES = 64 * 1024;
const SAFE_TWICE = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Takes an instance that did not refuse, and one to be avoided only when there is no other; undefined when none is healthy. */
export type Take = (refused: ReadonlySet<Target>, avoided?: ReadonlySet<Target>) => Lease | undefined;

/**
 * One request on its way through the balancer.
 *
 * It is tried again, while the body sent so far is at hand:
 * - whenever no connection came about, for then nothing was sent;
 * - once when a connection broke before any answer, if the method may be repeated (RFC 9110, 9.2.2), if possible on
 *   another instance. Only once: a request that kills its instance must not kill one after the other.
 * A POST is never sent twice. So it never goes over a connection that was idle and may be closing: it gets a new one.
 */
export class Forward {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #take: Take;
  readonly #body: RequestBody | undefined;
  readonly #repeatable: boolean;
  readonly #refused = new Set<Target>();
  readonly #broke = new Set<Target>();
  #attempts = 0;
  #gone = false;

  constructor(request: IncomingMessage, response: ServerResponse, take: Take, patienceMs: number) {
    this.#request = request;
    this.#response = response;
    this.#take = take;
    this.#repeatable = SAFE_TWICE.has(request.method ?? "");
    this.#body = hasBody(request) ? new RequestBody(request, KEEP_BYTES, patienceMs) : undefined;
    if (!this.#body) request.resume();
    response.on("error", () => response.destroy());
  }

  begin(): void {
    const problem = unfit(this.#request);
    if (problem) this.#answer(problem);
    else this.#attempt();
  }

  // ---

  #attempt(): void {
    const lease = this.#take(this.#refused, this.#broke);
    if (!lease) return this.#answer({ status: 503, text: "no healthy instance has a share of the traffic" });
    this.#attempts += 1;
    try {
      const out = this.#open(lease.target);
      this.#connect(out, lease);
      if (this.#body) this.#body.sendTo(out);
      else out.end();
    } catch {
      lease.end();
      this.#answer({ status: 400, text: "this request cannot be passed on" });
    }
  }

  #open(target: Target): ClientRequest {
    return httpRequest({
      host: "127.0.0.1",
      port: target.port,
      method: this.#request.method ?? "GET",
      path: this.#request.url ?? "/",
      headers: toInstance(this.#request),
      agent: this.#mayReuse() ? target.pooled : false,
      setHost: false,
    });
  }

  /** A connection that was idle may be closing just now, so it is only for what can be said twice. */
  #mayReuse(): boolean {
    const fits = !this.#body || Number(this.#request.headers["content-length"]) <= KEEP_BYTES;
    return this.#repeatable && fits && this.#attempts === 1;
  }

  #connect(out: ClientRequest, lease: Lease): void {
    let connected = false;
    let answered = false;
    const hangUp = (): void => {
      this.#gone = !this.#response.writableFinished;
      lease.end();
      out.destroy();
    };
    this.#response.once("close", hangUp);
    out.on("socket", (socket) => {
      if (!socket.connecting) connected = true;
      else socket.once("connect", () => (connected = true));
    });
    out.on("response", (incoming) => {
      answered = true;
      this.#relay(incoming, lease);
    });
    out.on("error", (error: NodeJS.ErrnoException) => {
      if (answered || this.#gone) return;
      this.#response.off("close", hangUp);
      lease.end();
      if (error.code === "ECONNREFUSED") lease.target.refused();
      this.#failed(lease, connected);
    });
  }

  #relay(incoming: IncomingMessage, lease: Lease): void {
    const status = incoming.statusCode ?? 502;
    lease.answered(status);
    this.#response.writeHead(status, plain(incoming.statusMessage), endToEnd(incoming));
    // An answer that breaks off must look broken to the client too, never complete.
    incoming.on("error", () => {
      if (!this.#gone) lease.failed();
      this.#response.destroy();
    });
    incoming.pipe(this.#response);
  }

  #failed(lease: Lease, connected: boolean): void {
    const harmless = !connected || (this.#repeatable && this.#broke.size === 0);
    (connected ? this.#broke : this.#refused).add(lease.target);
    const again = harmless && (this.#body?.replayable ?? true);
    if (again && this.#attempts < ATTEMPTS_MAX) return this.#attempt();
    lease.answered(502);
    lease.failed();
    this.#answer({ status: 502, text: `${lease.target.id} broke the connection before it answered` });
  }

  #answer({ status, text }: OwnAnswer): void {
    this.#body?.discard();
    const headers = {
      "Content-Type": "text/plain; charset=utf-8",
      ...(status === 503 && { "Retry-After": "1" }),
    };
    this.#response.writeHead(status, headers);
    this.#response.end(`${text}\n`);
  }
}

/** Nothing that Node would refuse to send on. */
function plain(statusMessage: string | undefined): string {
  return (statusMessage ?? "").replaceAll(/[^\t\x20-\x7e]/g, "");
}
