import type { IncomingMessage } from "node:http";
import { framing } from "./framing.ts";

/** Names and values in turns, as they were on the wire. */
export type RawHeaders = readonly string[];

// These speak of one connection and not of the message (RFC 9110, 7.6.1).
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** The headers that may go on to the other side: hop-by-hop ones and those that `Connection` names stay here. */
export function endToEnd(message: IncomingMessage, alsoDrop: readonly string[] = []): string[] {
  const named = (message.headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const dropped = new Set([...HOP_BY_HOP, ...named, ...alsoDrop]);
  return pairs(message.rawHeaders)
    .filter(([name]) => !dropped.has(name.toLowerCase()))
    .flat();
}

/** What an instance is told: who asked, and how the body is framed. */
export function toInstance(request: IncomingMessage): string[] {
  const told = [...forwarded(request), ...framing(request)];
  const set = pairs(told).map(([name]) => name.toLowerCase());
  // Said by us alone: what a client's Connection header names must not get these out of the way.
  return [...endToEnd(request, ["expect", "content-length", "forwarded", ...set]), ...told];
}

/** The same for a connection that is to become something else, such as a WebSocket. */
export function toUpgrade(request: IncomingMessage): string[] {
  return [...toInstance(request), "Connection", "Upgrade", "Upgrade", request.headers.upgrade ?? "websocket"];
}

/** Raw headers two by two. */
export function pairs(raw: RawHeaders): [string, string][] {
  const found: [string, string][] = [];
  for (let n = 0; n + 1 < raw.length; n += 2) found.push([raw[n] ?? "", raw[n + 1] ?? ""]);
  return found;
}

/** A client on this machine may be a proxy and is believed; what others say of themselves is dropped. */
function forwarded({ headers, socket, rawHeaders }: IncomingMessage): string[] {
  const client = socket.remoteAddress ?? "unknown";
  const near = /^(::1$|(::ffff:)?127\.)/.test(client);
  const before = near ? headers["x-forwarded-for"] : undefined;
  const claimed = (name: string): string | undefined => (near ? first(headers[name]) : undefined);
  // HTTP/1.0 knows no Host; without one an instance would refuse the request.
  const host = headers.host ?? `${bracketed(socket.localAddress)}:${socket.localPort}`;
  const standard = near ? pairs(rawHeaders).filter(([name]) => name.toLowerCase() === "forwarded") : [];
  const from = before === undefined ? client : `${String(before)}, ${client}`;
  const told = ["Host", host, ...standard.flat(), "X-Forwarded-For", from];
  told.push("X-Forwarded-Proto", claimed("x-forwarded-proto") ?? "http");
  told.push("X-Forwarded-Host", claimed("x-forwarded-host") ?? host);
  return told;
}

function bracketed(address = "localhost"): string {
  return address.includes(":") ? `[${address}]` : address;
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
