import type { Json, Provider, Supports } from "@gennaker/core/ports";
import {
  type ProviderKitOptions,
  type RegisterTest,
  simulatedCloud,
  testProvider,
  virtualClock,
  type VirtualClock,
} from "../src/index.ts";

/** What stands between the kit and the simulated cloud. */
export type Wrap = (provider: Provider, clock: VirtualClock) => Provider;

/** The simulated cloud on trial, in the time of a clock. */
export function simulated(
  clock: VirtualClock,
  features: Partial<Supports> = {},
  wrap: Wrap = (provider) => provider,
): ProviderKitOptions<Json> {
  return {
    async create() {
      const cloud = simulatedCloud({ clock });
      cloud.behaviour((release) => ({ bootMs: [500, 2000], neverHealthy: release === "bad" }));
      const provider = wrap(cloud.provider(features), clock);
      return {
        provider,
        cluster: "shop-api",
        release: "v1",
        otherRelease: "v2",
        badRelease: "bad",
        reconnect: async () => cloud.provider(),
        reach: async (address) => new URL(address).host.split(".")[0] ?? "",
        residue: async () => [],
        dispose: () => provider.close(),
      };
    },
    async wait(until, what) {
      for (const end = clock.now() + 60_000; !(await until());) {
        if (clock.now() > end) throw new Error(`still no ${what} after a minute`);
        await new Promise<void>((resolve) => void clock.after(100, resolve));
      }
    },
  };
}

/** Runs the kit, and tells what failed: name, and why. */
export async function failures(
  features: Partial<Supports>,
  wrap?: Wrap,
): Promise<ReadonlyMap<string, string>> {
  const clock = virtualClock();
  const tests: [string, () => Promise<void>][] = [];
  const collect: RegisterTest = (name, run) => tests.push([name, run]);
  testProvider(collect, simulated(clock, features, wrap));
  const failed = new Map<string, string>();
  for (const [name, run] of tests) {
    await clock
      .drive(run(), { withinMs: 3_600_000 })
      .catch((error: unknown) => failed.set(name, String(error)));
  }
  return failed;
}
