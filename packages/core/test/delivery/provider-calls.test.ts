// A provider may throw anything, at any time, answer late, never, or out of order.
import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { ProviderCalls } from "../../src/engine/provider-calls.ts";
import { WorldFeed } from "../../src/engine/world-feed.ts";
import type { ClusterState } from "../../src/model/cluster.ts";
import { silentLogger } from "../../src/ports/logger.ts";
import type { Provider } from "../../src/ports/provider.ts";

const cluster = { provider: "odd", account: "a", location: "l", name: "shop" };
const clock = {
  now: () => Date.now(),
  after(ms: number, callback: () => void) {
    const timer = setTimeout(callback, Math.min(ms, 5));
    return () => clearTimeout(timer);
  },
};
const callsOf = (odd: object, retries = 0): ProviderCalls => {
  const supports = {
    traffic: "weighted",
    fencing: "refuse",
    conditions: true,
    createOnce: true,
    watch: true,
  };
  const provider = { name: "odd", supports, ...odd } as unknown as Provider;
  return new ProviderCalls(provider, cluster, clock, { timeoutMs: 60_000, retries });
};
const thrown = (value: unknown) => () => {
  throw value;
};
const soon = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));
const at = (revision: number): ClusterState => ({ groups: [], revision });
const { signal } = new AbortController();

it("takes whatever a provider throws for an outage, and says what it was", async () => {
  for (const [value, said] of [
    [new TypeError("x is not a function"), "x is not a function"],
    ["gone", "gone was thrown"],
    [undefined, "undefined was thrown"],
  ] as const)
    await expect(callsOf({ observe: thrown(value) }).observe(signal)).rejects.toMatchObject({
      code: "GENNAKER_PROVIDER",
      kind: "unavailable",
      message: `odd odd:a/l/shop: observe: ${said}`,
    });
});

it("counts a command whose provider threw something odd as perhaps landed, and does not repeat it", async () => {
  let calls = 0;
  const destroyGroup = (): never => {
    calls += 1;
    throw "no";
  };
  const token = { run: "r", epoch: 1, command: "c" };
  const body = { do: "destroy-group" as const, group: "g" };
  expect(await callsOf({ destroyGroup }, 5).say(body, null, token, signal)).toMatchObject({
    result: "unknown",
  });
  expect(calls).toBe(1);
});

it("gives up a call that never answers, and leaves nothing behind on the signal", async () => {
  const stop = new AbortController();
  const never = { observe: () => new Promise(() => {}) };
  await expect(callsOf(never).observe(stop.signal)).rejects.toThrow("observe did not answer within");
  const calls = callsOf({ observe: async () => at(1) });
  for (let n = 0; n < 20; n += 1) await calls.observe(stop.signal);
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(0);
});

it("does not act on what a watch told before the last command", async () => {
  let told = Promise.withResolvers<ClusterState>();
  let asked = Promise.withResolvers<ClusterState>();
  const watch = async function* (): AsyncGenerator<ClusterState> {
    for (;;) {
      told = Promise.withResolvers();
      yield await told.promise;
    }
  };
  const observe = (): Promise<ClusterState> => {
    asked = Promise.withResolvers();
    return asked.promise;
  };
  const stop = new AbortController();
  const calls = callsOf({ watch, observe });
  const feed = new WorldFeed(
    calls,
    clock,
    silentLogger,
    () => {},
    (message) => message,
  );
  const following = feed.follow(stop.signal);
  const failed = feed.refresh(signal).catch((error: unknown) => error);
  await soon();
  told.resolve(at(1));
  await soon();
  asked.reject(new Error("lost"));
  await failed;
  expect(feed.world).toBeUndefined();
  const second = feed.refresh(signal);
  await soon();
  told.resolve(at(9));
  await soon();
  asked.resolve(at(7));
  await second;
  expect(feed.world?.revision).toBe(9);
  // This watch does not end when it should; that holds nobody up.
  stop.abort();
  await following;
});
