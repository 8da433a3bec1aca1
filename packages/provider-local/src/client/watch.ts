import type { IncomingMessage } from "node:http";
import type { ClusterState } from "@gennaker/core/ports";
import { pause } from "../pause.ts";
import { PROTOCOL } from "../protocol.ts";
import { exchange, NoAnswer, readAll, SILENCE_MS } from "./exchange.ts";
import type { SupervisorLink } from "./supervisor-link.ts";

const AGAIN_MS = 50;

/**
 * States as the supervisor pushes them, over restarts of the supervisor; ends when the signal aborts.
 *
 * @throws NoAnswer when no supervisor can be reached; what `refused` makes of a refusal
 */
export async function* watchStates(
  link: SupervisorLink,
  cluster: string,
  signal: AbortSignal,
  refused: (text: string) => Error,
  silenceMs: number = SILENCE_MS,
): AsyncGenerator<ClusterState> {
  const path = `/${PROTOCOL}/clusters/${cluster}/watch`;
  let newest = -1;
  while (!signal.aborted) {
    try {
      const response = await link.reach(
        (socket) => exchange({ socket, path, body: {}, silenceMs, signal }),
        signal,
      );
      if (response.statusCode !== 200) throw refused(await readAll(response, signal));
      for await (const state of states(response)) {
        if (signal.aborted) return;
        if (state.revision > newest) yield state;
        newest = Math.max(newest, state.revision);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isBroken(error)) throw error;
    }
    await pause(AGAIN_MS, signal);
  }
}

async function* states(response: IncomingMessage): AsyncGenerator<ClusterState> {
  let rest = "";
  // Aborting breaks the stream also while nobody reads it.
  response.on("error", () => undefined);
  response.setEncoding("utf8");
  for await (const text of response as AsyncIterable<string>) {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line) as ClusterState;
  }
}

/** The stream broke off in the middle: the supervisor ended. */
function isBroken(error: unknown): boolean {
  return !(error instanceof NoAnswer) && (error as NodeJS.ErrnoException).code === "ECONNRESET";
}
