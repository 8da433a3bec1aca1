// Goal: a log that cannot be written for a while, and a provider that breaks every rule, delay a deploy and do no harm.
// Method: the real engine against the simulated cloud in virtual time, with trouble at every point, one at a time.
import {
  type Cluster,
  createDelivery,
  type Delivery,
  type Engine,
  memory,
  type RunHandle,
} from "@gennaker/core";
import { type NewEvent, type Provider, TimeoutError } from "@gennaker/core/ports";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import {
  type SimulatedCloud,
  simulatedCloud,
  virtualClock,
  type VirtualClock,
  watchInvariants,
} from "../src/index.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly violations: () => readonly string[];
  readonly groups: () => readonly string[];
}

function bed(): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 2000 }));
  const cluster = cloud.provider().cluster("shop-api");
  cloud.seed(cluster, [{ size: 3, share: 100, release: { image: "v1" } }]);
  const watch = watchInvariants(cloud, cluster, { floor: 3 });
  return {
    clock,
    cloud,
    cluster,
    violations: () => watch.violations.map(({ message }) => message),
    groups: () =>
      cloud
        .world(cluster)
        .groups.map(({ name, desired, healthy, share }) => `${name} ${healthy}/${desired} ${share} %`),
  };
}

const CUT_OVER = ["shop-api-v001 0/0 0 %", "shop-api-v002 3/3 100 %"];
const deployV2 = (delivery: Delivery, cluster: Cluster): ReturnType<Delivery["deploy"]> =>
  delivery.deploy({
    cluster,
    release: { image: "v2" },
    strategy: redBlack({ soak: "10s" }),
    onBusy: "queue",
  });

/** An engine whose appends fail where they are told to. */
function fragile(inner: Engine, fails: (append: number) => boolean): Engine & { readonly appends: number } {
  let appends = 0;
  const guard = (events: readonly NewEvent[]): void => {
    if (events.length > 0 && fails(appends++)) throw new TimeoutError("the disk is full");
  };
  return {
    name: inner.name,
    get appends() {
      return appends;
    },
    open: (host) => inner.open(host),
    create: (run, write) => inner.create(run, write),
    commit: (run, known, decide) =>
      inner.commit(run, known, (loaded) => {
        const write = decide(loaded);
        guard(write.events);
        return write;
      }),
    read: (run, from, limit) => inner.read(run, from, limit),
    scan: (from, limit) => inner.scan(from, limit),
    list: (filter) => inner.list(filter),
    line: (key) => inner.line(key),
    close: () => inner.close(),
  };
}

async function deployOn(engine: Engine): Promise<object> {
  const { clock, cloud, cluster, violations, groups } = bed();
  const delivery = createDelivery({ engine, clock, providers: [cloud.provider()] });
  const run = await clock.drive(deployV2(delivery, cluster));
  const outcome = await clock.drive(run.outcome(), { withinMs: 3_600_000 });
  await clock.drive(delivery.close());
  return { outcome, violations: violations(), groups: groups() };
}

it("carries a deploy to its end, wherever the log cannot be written for a while", async () => {
  const calm = fragile(memory(), () => false);
  expect(await deployOn(calm)).toEqual({ outcome: "succeeded", violations: [], groups: CUT_OVER });
  expect(calm.appends).toBeGreaterThan(10);
  for (let from = 0; from < calm.appends; from += 1) {
    const told = await deployOn(fragile(memory(), (append) => append >= from && append < from + 4));
    expect({ from, ...told }).toEqual({ from, outcome: "succeeded", violations: [], groups: CUT_OVER });
  }
});

it("carries a deploy to its end, although the log refuses every second append", async () => {
  const told = await deployOn(fragile(memory(), (append) => append % 2 === 0));
  expect(told).toEqual({ outcome: "succeeded", violations: [], groups: CUT_OVER });
});

/** A provider that throws what no provider should, at each `every`th call of an operation. */
function rude(
  inner: Provider<never>,
  operation: keyof Provider,
  every: number,
  thrown: unknown,
): Provider<never> {
  let calls = 0;
  return new Proxy(inner, {
    get(target, field) {
      const value = Reflect.get(target, field) as unknown;
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        if (field === operation && (calls += 1) % every === 0) throw thrown;
        return Reflect.apply(value, target, given) as unknown;
      };
    },
  });
}

it("carries a deploy to its end with a provider that throws what no provider should", async () => {
  const operations = [
    "observe",
    "watch",
    "claim",
    "check",
    "scaleGroup",
    "setTraffic",
    "createGroup",
  ] as const;
  for (const operation of operations)
    for (const thrown of [new TypeError("x is undefined"), "gone", undefined]) {
      const { clock, cloud, cluster, violations, groups } = bed();
      const provider = rude(cloud.provider(), operation, 2, thrown);
      const delivery = createDelivery({ clock, providers: [provider] });
      const run = await clock.drive(deployV2(delivery, cluster));
      const outcome = await clock.drive(run.outcome(), { withinMs: 3_600_000 });
      expect({ operation, outcome, violations: violations(), groups: groups() }).toEqual({
        operation,
        outcome: "succeeded",
        violations: [],
        groups: CUT_OVER,
      });
      await clock.drive(delivery.close());
    }
});

it("stops a call that never answers at a forced cancel, and lets the next deploy have the cluster", async () => {
  const { clock, cloud, cluster, groups } = bed();
  const signals: AbortSignal[] = [];
  let hangs = true;
  const real = cloud.provider();
  const provider = new Proxy(real, {
    get(target, field) {
      const value = Reflect.get(target, field) as unknown;
      if (field !== "createGroup" || !hangs) return typeof value === "function" ? value.bind(target) : value;
      return (_: unknown, __: unknown, ___: unknown, { signal }: { signal: AbortSignal }) => {
        signals.push(signal);
        return new Promise(() => {});
      };
    },
  }) as Provider<unknown>;
  const delivery = createDelivery({ clock, providers: [provider] });
  const run = await clock.drive(deployV2(delivery, cluster));
  await clock.runUntil(() => signals.length > 0);
  const before = clock.now();
  await clock.drive(run.cancel({ mode: "forced", actor: "ana" }));
  expect(await clock.drive(run.outcome())).toBe("cancelled");
  await clock.settle();
  expect([signals[0]?.aborted, clock.now() - before]).toEqual([true, 0]);
  hangs = false;
  const next = await clock.drive(deployV2(delivery, cluster));
  expect(await clock.drive(next.outcome())).toBe("succeeded");
  expect(groups()).toEqual(CUT_OVER);
  await clock.drive(delivery.close());
});

it("shows how a queued deploy moves up, when another is admitted and when one is withdrawn", async () => {
  const { clock, cloud, cluster } = bed();
  const delivery = createDelivery({ clock, providers: [cloud.provider()] });
  const runs: RunHandle[] = [];
  for (let n = 0; n < 4; n += 1) runs.push(await clock.drive(deployV2(delivery, cluster)));
  await clock.advance(1000);
  const positions = async (): Promise<(number | undefined)[]> => {
    await clock.settle();
    const views = await Promise.all(runs.map((run) => run.state()));
    return views.map(({ stages }) => stages[0]?.position);
  };
  expect(await positions()).toEqual([undefined, 1, 2, 3]);
  await clock.drive(runs[1]!.cancel());
  expect(await positions()).toEqual([undefined, undefined, 1, 2]);
  await clock.drive(runs[0]!.outcome());
  await clock.settle();
  expect(await positions()).toEqual([undefined, undefined, undefined, 1]);
  expect(await clock.drive(runs[3]!.outcome())).toBe("succeeded");
  await clock.drive(delivery.close());
});
