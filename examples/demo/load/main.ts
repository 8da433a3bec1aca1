// The load, in a process of its own: what happens to the others neither stops nor distorts it.
import type { ToLoad } from "../messages.ts";
import { keepAsking } from "./connection.ts";
import { Counter } from "./tally.ts";

const CONNECTIONS = 32;
const EVERY_MS = 22;
const TELL_EVERY_MS = 200;

const stop = new AbortController();
let ended: () => Promise<void> = async () => {};

process.on("message", (message: ToLoad) => {
  if (message.do === "ask") begin(message.url);
  else void end();
});
process.on("disconnect", () => process.exit());
// Ctrl-C reaches the whole terminal: who is to stop, and when, is decided in one place.
process.on("SIGINT", () => {});

function begin(url: string): void {
  const counter = new Counter(performance.now());
  const tell = (): void => void process.send?.(counter.tally(performance.now()));
  const connections = Array.from({ length: CONNECTIONS }, (_, n) =>
    keepAsking({ url, everyMs: EVERY_MS, offsetMs: (n * EVERY_MS) / CONNECTIONS }, counter, stop.signal),
  );
  setInterval(tell, TELL_EVERY_MS).unref();
  ended = async () => {
    await Promise.all(connections);
    tell();
  };
}

async function end(): Promise<void> {
  stop.abort();
  await ended();
  process.disconnect();
}
