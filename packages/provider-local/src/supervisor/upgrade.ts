import { type IncomingMessage, request as httpRequest, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Take } from "./forward.ts";
import { type OwnAnswer, unfit } from "./framing.ts";
import { endToEnd, pairs, type RawHeaders, toUpgrade } from "./headers.ts";
import type { Target } from "./target.ts";

/** Opens a way to an instance for a connection that stops being HTTP, such as a WebSocket, and joins the two. */
export function upgrade(request: IncomingMessage, client: Duplex, head: Buffer, take: Take): void {
  client.on("error", () => client.destroy());
  const problem = unfit(request);
  if (problem) return refuse(client, problem);
  attempt(request, client, head, take, new Set());
}

function attempt(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  take: Take,
  tried: Set<Target>,
): void {
  const lease = take(tried);
  if (!lease) return refuse(client, { status: 503, text: "no healthy instance has a share of the traffic" });
  const { target } = lease;
  let connected = false;
  let answered = false;
  const out = httpRequest({
    host: "127.0.0.1",
    port: target.port,
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers: toUpgrade(request),
    agent: false,
    setHost: false,
  });
  const hangUp = (): void => {
    lease.end();
    out.destroy();
  };
  client.once("close", hangUp);
  out.on("socket", (socket) => socket.once("connect", () => (connected = true)));
  out.on("upgrade", (incoming: IncomingMessage, instance: Duplex, first: Buffer) => {
    answered = true;
    lease.answered(101);
    client.write(statusLine(incoming, incoming.rawHeaders), "latin1");
    client.write(first);
    instance.write(head);
    join(client, instance);
  });
  out.on("response", (incoming) => {
    answered = true;
    lease.answered(incoming.statusCode ?? 502);
    relayRefusal(incoming, client);
  });
  out.on("error", (error: NodeJS.ErrnoException) => {
    if (answered || client.destroyed) return;
    client.off("close", hangUp);
    lease.end();
    if (error.code === "ECONNREFUSED") target.refused();
    if (!connected) return attempt(request, client, head, take, tried.add(target));
    lease.answered(502);
    lease.failed();
    refuse(client, { status: 502, text: `${target.id} broke the connection before it answered` });
  });
  out.end();
}

function join(client: Duplex, instance: Duplex): void {
  instance.on("error", () => client.destroy());
  instance.once("close", () => endSoon(client));
  client.once("close", () => endSoon(instance));
  client.pipe(instance);
  instance.pipe(client);
}

/** The instance answered with ordinary HTTP: pass it on, and nothing more on this connection. */
function relayRefusal(incoming: IncomingMessage, client: Duplex): void {
  client.write(statusLine(incoming, [...endToEnd(incoming), "Connection", "close"]), "latin1");
  incoming.on("error", () => client.destroy());
  incoming.once("end", () => endSoon(client));
  incoming.pipe(client);
}

/** Ends it as soon as it has sent what it was given. Whoever does not hang up after that is not waited for. */
function endSoon(socket: Duplex): void {
  if (socket.writableFinished) socket.destroy();
  else socket.once("finish", () => socket.destroy()).end();
}

function statusLine(incoming: IncomingMessage, headers: RawHeaders): string {
  const lines = pairs(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${incoming.statusCode} ${incoming.statusMessage}\r\n${lines.join("")}\r\n`;
}

function refuse(client: Duplex, { status, text }: OwnAnswer): void {
  const retry = status === 503 ? "Retry-After: 1\r\n" : "";
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  client.write(`${head}${retry}Content-Length: ${text.length + 1}\r\nConnection: close\r\n\r\n${text}\n`);
  endSoon(client);
}
