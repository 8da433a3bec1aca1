import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";

/** A request's body on its way. It keeps what it sent, up to a limit, so that it can be sent again to another instance. */
export class RequestBody {
  readonly #request: IncomingMessage;
  readonly #keepBytes: number;
  #kept: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #to: Writable | undefined;

  /** `patienceMs`: a client that sends nothing for so long, though it is asked to, is cut off. */
  constructor(request: IncomingMessage, keepBytes: number, patienceMs: number) {
    this.#request = request;
    this.#keepBytes = keepBytes;
    request.on("data", (chunk: Buffer) => this.#pass(chunk));
    const impatient = (): void => {
      if (request.isPaused()) request.socket.setTimeout(patienceMs);
      else request.destroy();
    };
    request.setTimeout(patienceMs, impatient);
    request.on("end", () => {
      request.off("timeout", impatient).setTimeout(0);
      this.#ended = true;
      this.#to?.end();
    });
    request.pause();
  }

  /** Whether all of what was sent so far can be sent again. */
  get replayable(): boolean {
    return this.#bytes <= this.#keepBytes;
  }

  /** Sends it there: from the beginning, then as it comes. Only while `replayable`. */
  sendTo(to: Writable): void {
    this.#to = to;
    to.on("drain", () => this.#request.resume());
    for (const chunk of this.#kept) to.write(chunk);
    if (this.#ended) to.end();
    else this.#request.resume();
  }

  /** Nobody takes the rest: it is read and dropped, so that the connection stays usable. */
  discard(): void {
    this.#to = undefined;
    this.#request.resume();
  }

  #pass(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.replayable) this.#kept.push(chunk);
    else this.#kept = [];
    const to = this.#to;
    if (to && !to.destroyed && !to.write(chunk)) this.#request.pause();
  }
}
