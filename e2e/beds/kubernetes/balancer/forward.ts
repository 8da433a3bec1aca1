import { type IncomingMessage, type ServerResponse, request } from "node:http";
import type { Endpoint, Pool } from "./pool.ts";

const TRIES = 5;

/** What became of requests. */
export interface Counts {
  /** All requests. */
  received: number;
  /** Answered by a pod, whatever its status. */
  answered: number;
  /** Tried again elsewhere, before a pod could have seen them. */
  retried: number;
  /** 503: the backend whose turn it was has no ready endpoint. */
  withoutEndpoint: number;
  /** 502: the connection broke. */
  broken: number;
}

/** One request on its way. */
export interface Passage {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly pool: Pool;
  readonly counts: Counts;
  /** The endpoint for the next try. */
  readonly choose: () => Endpoint | undefined;
}

/** Passes a request on, and the answer back. */
export function forward(passage: Passage, tried = 1): void {
  const { incoming, outgoing, pool, counts, choose } = passage;
  const endpoint = choose();
  if (!endpoint) {
    counts.withoutEndpoint += 1;
    return refuse(incoming, outgoing, 503, "no ready endpoint");
  }
  const { host, port, agent } = endpoint;
  const { method, url, headers } = incoming;
  pool.enter(endpoint);
  const onward = request({ host, port, agent, method, path: url, headers: withoutHop(headers) });
  onward.once("close", () => pool.leave(endpoint));
  onward.on("response", (answer) => {
    counts.answered += 1;
    outgoing.writeHead(answer.statusCode ?? 502, withoutHop(answer.headers));
    answer.on("error", () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  onward.on("error", (error: NodeJS.ErrnoException) => {
    if (outgoing.headersSent) return void outgoing.destroy();
    if (outgoing.destroyed) return;
    if (tried < TRIES && unseen(error, onward.reusedSocket, incoming)) {
      counts.retried += 1;
      return forward(passage, tried + 1);
    }
    counts.broken += 1;
    refuse(incoming, outgoing, 502, error.code ?? error.message);
  });
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) onward.destroy();
  });
  incoming.pipe(onward);
}

// What proxies do by default: a connection that was refused has carried nothing, and an idle one that closes just as it is
// used has carried nothing that matters if the request may be repeated.
function unseen(
  error: NodeJS.ErrnoException,
  reused: boolean,
  { method, headers }: IncomingMessage,
): boolean {
  const bodiless = headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;
  if (!bodiless) return false;
  if (error.code === "ECONNREFUSED") return true;
  return (
    reused && ["ECONNRESET", "EPIPE"].includes(error.code ?? "") && ["GET", "HEAD"].includes(method ?? "")
  );
}

function withoutHop<T extends IncomingMessage["headers"]>(headers: T): T {
  const { connection: _c, "keep-alive": _k, ...rest } = headers;
  return rest as T;
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse, code: number, why: string): void {
  incoming.resume();
  outgoing.writeHead(code, { "content-type": "text/plain", "x-balancer": why });
  outgoing.end(`${why}\n`);
}
