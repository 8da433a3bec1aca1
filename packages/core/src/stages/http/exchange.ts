import { request as plain, type IncomingMessage } from "node:http";
import { request as encrypted } from "node:https";
import { afterMs } from "../after-ms.ts";
import { type PrivateHosts, publicLookup, refuseHost } from "./address.ts";

/** One request, as it goes out. */
export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly allowPrivate: PrivateHosts;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface Incoming {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** An exchange that failed. `sent`: the request may have reached the other side. */
export class ExchangeError extends Error {
  readonly sent: boolean;
  readonly final: boolean;

  constructor(message: string, how: { readonly sent: boolean; readonly final?: boolean }) {
    super(message);
    this.name = "ExchangeError";
    this.sent = how.sent;
    this.final = how.final ?? false;
  }
}

/** Sends one request and reads its answer. Redirects are not followed: they could lead anywhere. */
export async function exchange(outgoing: Outgoing): Promise<Incoming> {
  const { url, allowPrivate } = outgoing;
  const refusal = refuseHost(url.hostname, allowPrivate);
  if (refusal !== undefined) throw new ExchangeError(refusal, { sent: false, final: true });
  const patience = new AbortController();
  const callOff = afterMs(outgoing.timeoutMs, () => {
    patience.abort(new Error(`no whole answer within ${outgoing.timeoutMs} ms`));
  });
  try {
    return await send(outgoing, AbortSignal.any([outgoing.signal, patience.signal]));
  } finally {
    callOff();
  }
}

function send(outgoing: Outgoing, signal: AbortSignal): Promise<Incoming> {
  const { url, method, headers, body, allowPrivate, maxBytes } = outgoing;
  return new Promise((resolve, reject) => {
    let connected = false;
    let answered = false;
    const fail = (error: Error & { code?: string }): void => {
      const why = signal.aborted ? (signal.reason as Error).message : error.message;
      reject(new ExchangeError(why, { sent: connected, final: error.code === "EPRIVATE" }));
    };
    const options = { method, headers, signal, lookup: publicLookup(allowPrivate), agent: false as const };
    const call = (url.protocol === "https:" ? encrypted : plain)(url, options, (answer) => {
      answered = true;
      read(answer, maxBytes).then(resolve, fail);
    });
    call.on("socket", (socket) => socket.once("connect", () => (connected = true)));
    call.on("error", fail);
    // A change of protocol, which nobody asked for, ends without an error.
    call.on("close", () => {
      if (!answered) fail(new Error("the connection was closed before there was an answer"));
    });
    call.end(body);
  });
}

async function read(answer: IncomingMessage, maxBytes: number): Promise<Incoming> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      answer.destroy();
      throw new Error(`the answer is longer than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    text: Buffer.concat(chunks).toString("utf8"),
  };
}
