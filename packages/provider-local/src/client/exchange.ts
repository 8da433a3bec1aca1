import { type IncomingMessage, request as httpRequest } from "node:http";

/** Milliseconds without a sign of life after which the other side counts as hanging. */
export const SILENCE_MS = 30_000;

/** An exchange that came to no answer. `sent` is false when no connection came about, so that nothing can have happened. */
export class NoAnswer extends Error {
  readonly sent: boolean;
  /** Somebody is there and says nothing: asking again would only wait again. */
  readonly silent: boolean;

  constructor(message: string, sent: boolean, cause: unknown, silent = false) {
    super(message, { cause });
    this.sent = sent;
    this.silent = silent;
  }
}

export interface Question {
  readonly socket: string;
  readonly path: string;
  readonly body: object;
  readonly signal?: AbortSignal;
  /** Milliseconds without a sign of life until it counts as no answer; 0: for ever. */
  readonly silenceMs: number;
}

/**
 * One request over a Unix socket; the answer's head has arrived, its body not yet.
 *
 * @throws NoAnswer, or the signal's reason
 */
export function exchange({ socket, path, body, signal, silenceMs }: Question): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  signal?.throwIfAborted();
  let sent = false;
  const text = JSON.stringify(body);
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
  const request = httpRequest({
    socketPath: socket,
    path,
    method: "POST",
    headers,
    agent: false,
    ...(signal && { signal }),
  });
  request.on("socket", (stream) => {
    if (stream.connecting) stream.once("connect", () => (sent = true));
    else sent = true;
  });
  let silent = false;
  request.setTimeout(silenceMs, () => {
    silent = true;
    request.destroy(new Error(`no answer within ${silenceMs} ms`));
  });
  request.on("response", resolve);
  request.on("error", (error) => {
    reject(signal?.aborted ? signal.reason : new NoAnswer(error.message, sent, error, silent));
  });
  request.end(text);
  return promise;
}

/** The whole body, as text. */
export async function readAll(response: IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    signal?.throwIfAborted();
    throw new NoAnswer("the connection broke", true, error);
  }
}
