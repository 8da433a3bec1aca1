import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent as SecureAgent, createServer, request } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type Access, credentialsOf, writeAccess } from "../access/access.ts";
import { type ActiveFault, type Fault, statusBody } from "./fault.ts";
import { type RequestKind, requestKind } from "./request-kind.ts";

/** One request that came. */
export interface SeenRequest extends RequestKind {
  /** The status of its answer; 0 while there is none, and for ever when the connection ends without one. */
  readonly code: number;
}

/** A proxy before the API server: what goes through it is counted, and breaks as it is told. */
export interface FaultProxy {
  /** The access of somebody, through this proxy. */
  through(access: Access): Promise<Access>;
  /** Puts a fault into force. Of several that match a request, the first counts. */
  inject(fault: Fault): ActiveFault;
  /** Cuts all connections now: watches end in the middle, requests without an answer. New ones are welcome. */
  cut(): void;
  /** Ends the open watches, and nothing else. */
  cutWatches(): void;
  /** All requests since the start or the last `forget`, in the order in which they came. */
  readonly requests: readonly SeenRequest[];
  /** Forgets the requests so far. */
  forget(): void;
  close(): Promise<void>;
}

/** What a proxy is started from. */
export interface FaultProxyOptions {
  /** The port of the API server. */
  readonly upstream: number;
  /** Its certificate, which the proxy shows too. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Where kubeconfigs are written. */
  readonly folder: string;
}

interface InForce extends ActiveFault {
  readonly fault: Fault;
  hits: number;
  readonly held: Set<Socket>;
}

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startFaultProxy({
  upstream,
  certificate,
  folder,
}: FaultProxyOptions): Promise<FaultProxy> {
  const cert = readFileSync(certificate.cert);
  const agent = new SecureAgent({ keepAlive: true, ca: cert });
  const sockets = new Set<Socket>();
  const watches = new Set<Socket>();
  const faults = new Set<InForce>();
  let requests: SeenRequest[] = [];

  const server = createServer({ cert, key: readFileSync(certificate.key) }, (incoming, outgoing) => {
    const kind = requestKind(incoming.method ?? "GET", incoming.url ?? "/");
    const seen = { ...kind, code: 0 };
    requests.push(seen);
    if (kind.verb === "watch") watches.add(incoming.socket);
    outgoing.once("close", () => watches.delete(incoming.socket));
    const passage: Passage = { incoming, outgoing, answered: (code) => (seen.code = code) };
    const fault = hit(faults, kind);
    if (!fault) forward(passage, { upstream, agent });
    else if (typeof fault.fault.is === "number") refuse(passage, fault.fault, kind);
    else if (fault.fault.is === "reset") incoming.socket.destroy();
    else if (fault.fault.is === "hang") fault.held.add(incoming.socket);
    else forward(passage, { upstream, agent, lost: true });
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    through: (access) => {
      const name = `${access.config.getCurrentUser()?.name ?? "user"}-through-${port}`;
      const as = { ...credentialsOf(access), server: `https://127.0.0.1:${port}` };
      return writeAccess(folder, name.replaceAll(":", "-"), as);
    },
    inject: (fault) => inForce(fault, faults),
    cut: () => sockets.forEach((socket) => socket.destroy()),
    cutWatches: () => watches.forEach((socket) => socket.destroy()),
    get requests() {
      return requests;
    },
    forget: () => void (requests = []),
    async close() {
      sockets.forEach((socket) => socket.destroy());
      agent.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function inForce(fault: Fault, faults: Set<InForce>): ActiveFault {
  const active: InForce = {
    fault,
    hits: 0,
    held: new Set(),
    heal() {
      faults.delete(active);
      active.held.forEach((socket) => socket.destroy());
    },
  };
  faults.add(active);
  return active;
}

function hit(faults: ReadonlySet<InForce>, kind: RequestKind): InForce | undefined {
  const found = [...faults].find(
    ({ fault, hits }) => hits < (fault.times ?? Number.POSITIVE_INFINITY) && (fault.only?.(kind) ?? true),
  );
  if (found) found.hits += 1;
  return found;
}

interface Passage {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Told the status, before the client is. */
  readonly answered: (code: number) => void;
}

function refuse({ incoming, outgoing, answered }: Passage, fault: Fault, kind: RequestKind): void {
  const code = Number(fault.is);
  answered(code);
  incoming.resume();
  outgoing.writeHead(code, {
    "content-type": "application/json",
    ...(fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) }),
  });
  outgoing.end(statusBody(code, kind));
}

interface Way {
  readonly upstream: number;
  readonly agent: Agent;
  /** Whether the answer gets lost. */
  readonly lost?: boolean;
}

function forward({ incoming, outgoing, answered }: Passage, { upstream, agent, lost = false }: Way): void {
  const onward = request({
    host: "127.0.0.1",
    port: upstream,
    agent,
    method: incoming.method,
    path: incoming.url,
    headers: incoming.headers,
  });
  onward.on("response", (answer) => {
    if (lost) {
      answer.on("end", () => incoming.socket.destroy());
      answer.resume();
      return;
    }
    const { statusCode = 502 } = answer;
    answered(statusCode);
    outgoing.writeHead(statusCode, answer.headers);
    // A watch must begin before its first event.
    outgoing.flushHeaders();
    answer.on("error", () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  onward.on("error", () => incoming.socket.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}
