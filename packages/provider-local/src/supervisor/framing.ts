import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** An answer of the balancer itself. */
export interface OwnAnswer {
  readonly status: number;
  readonly text: string;
}

/** Whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Where the body of a request ends, said aloud to the instance, exactly once: a body that is not announced would be
 * taken for the next request on that connection.
 */
export function framing({ headers, method = "" }: IncomingMessage): readonly string[] {
  const length = headers["content-length"];
  if (headers["transfer-encoding"] !== undefined) return ["Transfer-Encoding", "chunked"];
  if (length !== undefined) return ["Content-Length", length];
  return /^(GET|HEAD|OPTIONS|TRACE|DELETE)$/.test(method) ? [] : ["Content-Length", "0"];
}

/** Why a request cannot be passed on though it can be read. */
export function unfit({ headers, headersDistinct }: IncomingMessage): OwnAnswer | undefined {
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    return { status: 501, text: "of transfer codings only chunked is supported" };
  if ((headersDistinct["host"]?.length ?? 0) > 1) return { status: 400, text: "there is more than one Host" };
  return undefined;
}

/** Whoever offers another protocol is content with this one (RFC 9110, 7.8): reads the request again without the offer. */
export function withoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let n = 0; n + 1 < rawHeaders.length; n += 2)
    if (rawHeaders[n]?.toLowerCase() !== "upgrade") text += `${rawHeaders[n]}: ${rawHeaders[n + 1]}\r\n`;
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}
