import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Counter } from "./tally.ts";

const TIMEOUT_MS = 5000;

/** How one connection asks. */
export interface Asking {
  readonly url: string;
  /** Milliseconds from one request to the next; the next one waits for the answer in any case. */
  readonly everyMs: number;
  /** Milliseconds before the first one. */
  readonly offsetMs: number;
}

/** Keeps one connection open and asks again and again, one request at a time, until the signal aborts. */
export async function keepAsking(asking: Asking, counter: Counter, stop: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let next = performance.now() + asking.offsetMs;
  while (!stop.aborted) {
    const wait = next - performance.now();
    if (wait > 0) await sleep(wait);
    if (stop.aborted) break;
    next = Math.max(next + asking.everyMs, performance.now());
    await ask(asking.url, agent, counter);
  }
  agent.destroy();
}

function ask(url: string, agent: Agent, counter: Counter): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const began = performance.now();
  const fail = (reason: string): void => {
    counter.failed(reason);
    resolve();
  };
  counter.sent();
  const sending = request(url, { agent, timeout: TIMEOUT_MS }, (response) => {
    const { statusCode = 0, headers } = response;
    response.on("error", (error: NodeJS.ErrnoException) =>
      fail(`broken answer (${error.code ?? error.message})`),
    );
    response.on("end", () => {
      if (statusCode >= 200 && statusCode < 300) {
        counter.answered(String(headers["x-version"] ?? "unknown"), performance.now() - began);
        resolve();
      } else if (headers["x-sick"] === undefined) fail(`status ${statusCode}`);
      else {
        counter.sick();
        resolve();
      }
    });
    response.resume();
  });
  sending.on("timeout", () => sending.destroy(Object.assign(new Error("timeout"), { code: "TIMEOUT" })));
  let settled = false;
  sending.on("error", (error: NodeJS.ErrnoException) => {
    if (!settled) fail(error.code ?? error.message);
    settled = true;
  });
  sending.end();
  return promise;
}
