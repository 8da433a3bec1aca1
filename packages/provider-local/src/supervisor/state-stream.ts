import type { ServerResponse } from "node:http";
import type { LocalCluster } from "./cluster.ts";

const BEAT_MS = 10_000;

/** Sends the cluster's state now and at each change, one JSON text per line. A slow reader misses states, never the last. */
export function streamState(cluster: LocalCluster, response: ServerResponse): void {
  let sent: number | undefined;
  let full = false;
  const send = (): void => {
    const state = cluster.observe();
    if (full || state.revision === sent) return;
    sent = state.revision;
    full = !response.write(`${JSON.stringify(state)}\n`);
  };
  response.writeHead(200, { "Content-Type": "application/x-ndjson", Connection: "close" });
  response.on("drain", () => {
    full = false;
    send();
  });
  const remove = cluster.watchers.add(send);
  // A sign of life: who hears nothing for long knows that we hang.
  const beat = setInterval(() => full || response.write("\n"), BEAT_MS);
  response.once("close", () => {
    remove();
    clearInterval(beat);
  });
  send();
}
