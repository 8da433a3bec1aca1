import type { IncomingMessage } from "node:http";

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
  const headers = endToEnd(request, ["expect", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]);
  headers.push(...forwarded(request));
  // Framing said aloud: a body that a DELETE brings in chunks must not turn into a second request.
  if (request.headers["transfer-encoding"] !== undefined) headers.push("Transfer-Encoding", "chunked");
  else if (
    request.headers["content-length"] === undefined &&
    !/^(GET|HEAD|OPTIONS|TRACE|DELETE)$/.test(request.method ?? "")
  )
    headers.push("Content-Length", "0");
  return headers;
}

/** The same for a connection that is to become something else, such as a WebSocket. */
export function toUpgrade(request: IncomingMessage): string[] {
  return [...toInstance(request), "Connection", "Upgrade", "Upgrade", request.headers.upgrade ?? "websocket"];
}

/** Whether a request has a body. */
export function hasBody(request: IncomingMessage): boolean {
  return (
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0
  );
}

/** Raw headers two by two. */
export function pairs(raw: RawHeaders): [string, string][] {
  const found: [string, string][] = [];
  for (let n = 0; n + 1 < raw.length; n += 2) found.push([raw[n] ?? "", raw[n + 1] ?? ""]);
  return found;
}

function forwarded({ headers, socket }: IncomingMessage): string[] {
  const before = headers["x-forwarded-for"];
  const client = socket.remoteAddress ?? "unknown";
  return [
    "X-Forwarded-For",
    before === undefined ? client : `${String(before)}, ${client}`,
    "X-Forwarded-Proto",
    first(headers["x-forwarded-proto"], "http"),
    "X-Forwarded-Host",
    first(headers["x-forwarded-host"], headers.host ?? ""),
  ];
}

function first(value: string | string[] | undefined, otherwise: string): string {
  return (Array.isArray(value) ? value[0] : value) ?? otherwise;
}
