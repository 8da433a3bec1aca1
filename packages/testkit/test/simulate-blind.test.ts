// Goal: a rollout that may not look at its cluster any more says so, and ends when its phase should have, instead of running for ever.
// Method: the real engine against the simulated cloud in virtual time; a provider that loses its sight when it is told to.
import { createDelivery, type Duration, type RunHandle } from "@gennaker/core";
import {
  type Cluster,
  type ClusterState,
  type Provider,
  ProviderError,
  type ProviderErrorKind,
} from "@gennaker/core/ports";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

const DEADLINE_MS = 120_000;

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly run: RunHandle;
  /** Nothing can be seen any more, and a watch that is open ends; undefined: it can again. */
  readonly blind: (kind: ProviderErrorKind | undefined) => void;
  readonly groups: () => readonly string[];
  readonly close: () => Promise<void>;
}

async function bed(bootMs: number, soak: Duration = "10m"): Promise<Bed> {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour((release) => ({ bootMs: JSON.stringify(release).includes("v2") ? bootMs : 1000 }));
  const seen = sighted(cloud.provider());
  const cluster = seen.provider.cluster("shop-api");
  cloud.seed(cluster, [{ size: 3, share: 100, release: { image: "v1" } }]);
  const delivery = createDelivery({ clock, providers: [seen.provider] });
  const strategy = redBlack({ deadline: DEADLINE_MS, soak });
  const run = await clock.drive(delivery.deploy({ cluster, release: { image: "v2" }, strategy }));
  return {
    clock,
    cloud,
    cluster,
    run,
    blind: seen.blind,
    groups: () =>
      cloud
        .world(cluster)
        .groups.map(({ name, desired, healthy, share }) => `${name} ${healthy}/${desired} ${share} %`),
    close: () => clock.drive(delivery.close()),
  };
}

/** A provider that can be blinded: its looks fail, its watches end. */
function sighted(inner: Provider): { provider: Provider; blind: Bed["blind"] } {
  let kind: ProviderErrorKind | undefined;
  let ends = Promise.withResolvers<never>();
  ends.promise.catch(() => undefined);
  const failure = (operation: string): ProviderError =>
    new ProviderError({
      provider: inner.name,
      operation,
      resource: "shop-api",
      kind: kind ?? "denied",
      message: "the role may not list groups",
      ambiguous: false,
    });
  async function* watch(
    cluster: Cluster,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<ClusterState> {
    if (kind) throw failure("watch");
    const states = inner.watch(cluster, options)[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([states.next(), ends.promise]);
      if (next.done) return;
      yield next.value;
    }
  }
  const observe: Provider["observe"] = async (...given) => {
    if (kind) throw failure("observe");
    return inner.observe(...given);
  };
  const provider = new Proxy(inner, {
    get(target, field) {
      if (field === "observe") return observe;
      if (field === "watch") return watch;
      const value = Reflect.get(target, field) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    provider,
    blind: (wanted) => {
      kind = wanted;
      if (!wanted) return;
      const ended = ends;
      ends = Promise.withResolvers<never>();
      ends.promise.catch(() => undefined);
      ended.reject(failure("watch"));
    },
  };
}

async function progressOf({ clock, run }: Bed): Promise<string> {
  await clock.settle();
  const { stages } = await run.state();
  return stages[0]?.progress?.message ?? "";
}

it("tells at once that it may not look at its cluster any more", async () => {
  const there = await bed(3_600_000);
  await there.clock.advance(10_000);
  there.blind("denied");
  await there.clock.advance(5000);
  expect(await progressOf(there)).toContain("the role may not list groups");
  expect((await there.run.state()).status).toBe("running");
  await there.close();
});

it("fails at the phase's deadline with the reason, and brings stable back when it may look again", async () => {
  const there = await bed(3_600_000);
  await there.clock.advance(10_000);
  there.blind("denied");
  expect(await there.clock.drive(there.run.outcome(), { withinMs: 2 * DEADLINE_MS })).toBe("failed");
  const [stage] = (await there.run.state()).stages;
  expect(stage?.error?.message).toMatch(/may not be looked at.*the role may not list groups/);
  expect(there.groups()).toEqual(["shop-api-v001 3/3 100 %", "shop-api-v002 0/3 0 %"]);
  there.blind(undefined);
  await there.clock.advance(60_000);
  expect(there.groups()).toEqual(["shop-api-v001 3/3 100 %"]);
  await there.close();
});

it("fails too when what it waits for is there already, but nobody can say whether it still is", async () => {
  const there = await bed(2000, "1h");
  await there.clock.advance(60_000);
  expect(there.groups()).toEqual(["shop-api-v001 3/3 0 %", "shop-api-v002 3/3 100 %"]);
  there.blind("denied");
  expect(await there.clock.drive(there.run.outcome(), { withinMs: 2 * DEADLINE_MS })).toBe("failed");
  there.blind(undefined);
  await there.clock.advance(60_000);
  expect(there.groups()[0]).toBe("shop-api-v001 3/3 100 %");
  await there.close();
});

it("goes on as if nothing had been, when it may look again before the deadline", async () => {
  const there = await bed(60_000, "10s");
  await there.clock.advance(10_000);
  there.blind("denied");
  await there.clock.advance(DEADLINE_MS / 2);
  there.blind(undefined);
  expect(await there.clock.drive(there.run.outcome(), { withinMs: DEADLINE_MS })).toBe("succeeded");
  await there.close();
});

it("waits for a provider that does not answer, however long: it decides nothing that it does not know", async () => {
  const there = await bed(60_000, "10s");
  await there.clock.advance(10_000);
  there.blind("unavailable");
  await there.clock.advance(10 * DEADLINE_MS);
  expect((await there.run.state()).status).toBe("running");
  expect(await progressOf(there)).toContain("the role may not list groups");
  there.blind(undefined);
  expect(await there.clock.drive(there.run.outcome(), { withinMs: DEADLINE_MS })).toBe("succeeded");
  await there.close();
});

it("stands still while somebody has paused it, although it may not look", async () => {
  const there = await bed(3_600_000);
  await there.clock.advance(10_000);
  await there.clock.drive(there.run.pause({ actor: "ana" }));
  there.blind("denied");
  await there.clock.advance(10 * DEADLINE_MS);
  expect((await there.run.state()).status).toBe("paused");
  await there.close();
});
