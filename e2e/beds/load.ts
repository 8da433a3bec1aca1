import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 10_000;

/** What came of the requests so far. */
interface Tally {
  readonly sent: number;
  /** Answered with 2xx. */
  readonly answered: number;
  /** No answer, a broken or late one, or one that is not 2xx. */
  readonly lost: number;
  /** Why requests were lost, with how many. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Good answers by their `x-version` header. */
  readonly versions: Readonly<Record<string, number>>;
}

/** How to ask. */
export interface LoadOptions {
  readonly url: string;
  /** Connections, each with one request at a time. @default 4 */
  readonly connections?: number;
  /** Milliseconds between an answer and the next request of a connection. @default 5 */
  readonly pauseMs?: number;
}

/** Requests that go on until they are stopped. */
export interface Load {
  readonly tally: Tally;
  /** Resolves when the requests under way have been answered. */
  stop(): Promise<Tally>;
}

interface Counting {
  sent: number;
  answered: number;
  lost: number;
  readonly reasons: Record<string, number>;
  readonly versions: Record<string, number>;
}

/** Asks again and again over connections that are kept open. */
export function startLoad({ url, connections = 4, pauseMs = 5 }: LoadOptions): Load {
  const tally: Counting = { sent: 0, answered: 0, lost: 0, reasons: {}, versions: {} };
  const stop = new AbortController();
  const all = Array.from({ length: connections }, () => keepAsking(url, pauseMs, tally, stop.signal));
  return {
    tally,
    async stop() {
      stop.abort();
      await Promise.all(all);
      return tally;
    },
  };
}

async function keepAsking(url: string, pauseMs: number, tally: Counting, stop: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!stop.aborted) {
    tally.sent += 1;
    try {
      const version = await askOnce(url, agent);
      tally.answered += 1;
      tally.versions[version] = (tally.versions[version] ?? 0) + 1;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      tally.lost += 1;
      tally.reasons[code ?? message] = (tally.reasons[code ?? message] ?? 0) + 1;
    }
    await sleep(pauseMs);
  }
  agent.destroy();
}

function askOnce(url: string, agent: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asking = request(url, { agent, timeout: PATIENCE_MS }, (response) => {
    const { statusCode = 0, headers } = response;
    response.on("error", reject);
    response.on("end", () => {
      if (statusCode >= 200 && statusCode < 300) resolve(String(headers["x-version"] ?? "unknown"));
      else
        reject(
          new Error(
            `status ${statusCode}${headers["x-balancer"] ? ` (${String(headers["x-balancer"])})` : ""}`,
          ),
        );
    });
    response.resume();
  });
  asking.on("timeout", () => asking.destroy(new Error("timeout")));
  asking.on("error", reject);
  asking.end();
  return promise;
}
