import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { clusterNameProblem, isClusterName } from "../cluster-name.ts";
import { PROTOCOL } from "../protocol.ts";
import type { LocalCluster } from "./cluster.ts";
import {
  type Body,
  readBody,
  readClaimant,
  readDestroy,
  readGroup,
  readListen,
  readNewGroup,
  readScale,
  readToken,
  readTraffic,
} from "./messages.ts";
import { Refusal } from "./refusal.ts";
import { streamState } from "./state-stream.ts";

const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** What the control server speaks for. */
export interface Controlled {
  readonly cluster: (name: string) => Promise<LocalCluster>;
  /** Ends every group; resolves when no process is left. */
  readonly destroyAll: () => Promise<void>;
  readonly close: () => void;
  readonly log: (message: string) => void;
  /** A call ended. */
  readonly idle: () => void;
}

type Operation = (cluster: LocalCluster, body: Body) => Promise<object> | object;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  observe: (cluster) => cluster.observe(),
  stats: (cluster) => cluster.traffic,
  listening: (cluster) => cluster.listening ?? {},
  address: (cluster, body) => cluster.open(readListen(body)),
  preview: (cluster, body) => cluster.preview(readGroup(body)),
  claim: async (cluster, body) => ({ epoch: await cluster.claim(readClaimant(body)) }),
  create: async (cluster, body) => ({
    group: await cluster.createGroup(readNewGroup(body), readToken(body), readListen(body)),
  }),
  scale: async (cluster, body) => done(await cluster.scaleGroup(readScale(body), readToken(body))),
  traffic: async (cluster, body) => done(await cluster.setTraffic(readTraffic(body), readToken(body))),
  destroy: async (cluster, body) => done(await cluster.destroyGroup(readDestroy(body), readToken(body))),
};

/** The API that the provider speaks with its supervisor: `POST /1/clusters/shop-api/scale`, JSON both ways. */
export function controlServer(controlled: Controlled): Server {
  return createServer((request, response) => {
    response.once("close", controlled.idle);
    handle(request, response, controlled).catch((error: unknown) => {
      const refusal = error instanceof Refusal ? error : failure(request, error, controlled.log);
      if (response.headersSent) response.destroy();
      else answer(response, STATUS[refusal.kind] ?? 500, wordsOf(refusal));
    });
  });
}

// ---

const STATUS: Readonly<Record<string, number>> = {
  invalid: 400,
  fenced: 409,
  conflict: 409,
  "not-found": 404,
};

function wordsOf({ kind, message, claimedBy }: Refusal): object {
  return { kind, message, ...(claimedBy !== undefined && { claimedBy }) };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  controlled: Controlled,
): Promise<void> {
  const [, version, subject, name, operation = ""] = (request.url ?? "").split("/");
  if (request.method !== "POST") throw unknownPath(request);
  if (version !== PROTOCOL) throw otherVersion(version);
  const body = readBody(await readText(request));
  if (subject === "shutdown") return shutdown(response, controlled);
  if (subject !== "clusters") throw unknownPath(request);
  if (!isClusterName(name)) throw new Refusal("invalid", clusterNameProblem(name));
  const perform = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
  if (!perform && operation !== "watch") throw unknownPath(request);
  const cluster = await controlled.cluster(name);
  if (perform) answer(response, 200, await perform(cluster, body));
  else streamState(cluster, response);
}

/** Answers when everything has ended, and keeps the connection open until the supervisor itself has. */
async function shutdown(response: ServerResponse, controlled: Controlled): Promise<void> {
  response.writeHead(200, { "Content-Type": "application/json", Connection: "close" });
  response.flushHeaders();
  await controlled.destroyAll();
  response.write("{}\n", () => controlled.close());
}

function otherVersion(version = ""): Refusal {
  return new Refusal(
    "unavailable",
    `the supervisor that runs here speaks protocol ${PROTOCOL} and was asked in protocol ${JSON.stringify(version)}, by another version of this package: end it with "kill ${process.pid}" (its instances go on) and call again`,
  );
}

function unknownPath(request: IncomingMessage): Refusal {
  return new Refusal("not-found", `this supervisor does not know ${request.method} ${request.url}`);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new Refusal("invalid", `the body is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json", Connection: "close" });
  response.end(`${JSON.stringify(body)}\n`);
}

function done(_nothing: void): object {
  return {};
}

function failure(request: IncomingMessage, error: unknown, log: (message: string) => void): Refusal {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log(`${request.method} ${request.url} failed: ${trace}`);
  return new Refusal("unavailable", `the supervisor failed: ${String(error)}`);
}
