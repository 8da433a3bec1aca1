import type { Cluster, Json, Provider } from "@gennaker/core/ports";
import { temptAutoscaler } from "./autoscaler.ts";
import type { Behaviour } from "./behaviour.ts";
import type { SimulatedCluster } from "./cluster.ts";
import { Clusters } from "./clusters.ts";
import { connect } from "./connection.ts";
import type { Landing } from "./landing.ts";
import { crash, type Line, lineOver, type Network } from "./line.ts";
import type { Nature } from "./nature.ts";
import { random } from "./random.ts";
import type { CloudChange, CloudOptions, CloudProviderOptions, SimulatedCloud } from "./simulated-cloud.ts";

/**
 * A cloud in virtual time: groups whose instances boot, die and heal, calls that take time, get lost and land late.
 * It keeps to what the provider port promises, and goes wrong only as it was told: by a test, or by chance with a seed.
 *
 * @example
 * const clock = virtualClock()
 * const cloud = simulatedCloud({ clock, seed: 7, faults: { lostAnswer: 0.1 } })
 * const provider = cloud.provider({ traffic: "proportional" })
 * const cluster = provider.cluster("shop-api")
 * cloud.seed(cluster, [{ size: 3, share: 100, release: { image: "shop-api:1" } }])
 * cloud.behaviour((release) => ({ bootMs: 1000, neverHealthy: release === "bad" }))
 */
export function simulatedCloud(options: CloudOptions): SimulatedCloud {
  const { clock, seed = 1, faults = {} } = options;
  const nature: Nature = { clock, random: random(seed), faults };
  const network = networkOf(options, nature);
  const lines = new WeakMap<object, Line>();
  const listeners = new Set<(change: CloudChange) => void>();
  const history: Landing[] = [];
  let behave: ((release: Json) => Behaviour) | undefined;

  const tell = (change: CloudChange): void => {
    for (const listener of listeners) listener(change);
  };
  const clusters = new Clusters(nature, (cluster) => tell({ cluster }));
  const find = (cluster: Cluster): SimulatedCluster => clusters.find(cluster);
  const behaviourOf = (release: Json): Behaviour => behave?.(release) ?? {};
  const landed = (landing: Landing): void => {
    history.push(landing);
    tell({ cluster: landing.cluster, landing });
    temptAutoscaler(find(landing.cluster));
  };

  return {
    provider<Release>({ name = "simulated", account = "account", ...features }: CloudProviderOptions = {}) {
      const supports = clusters.declare(name, account, features);
      const line = lineOver(network, name);
      const provider = connect(line, { account, supports, find, landed, behaviourOf });
      lines.set(provider, line);
      // Releases are JSON here; of what type is for the caller to say.
      return provider as unknown as Provider<Release>;
    },
    behaviour(of) {
      behave = of;
    },
    seed: (cluster, groups) => clusters.seed(cluster, groups, behaviourOf),
    world: (cluster) => find(cluster).state(),
    supports: (cluster) => find(cluster).supports,
    history,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ...levers(clusters),
    failNext: (operation, fault, times = 1) => void network.planned.push({ operation, fault, left: times }),
    partition() {
      network.cut = true;
    },
    restore() {
      network.cut = false;
      clusters.wake();
    },
    calm() {
      nature.faults = {};
      network.planned.length = 0;
    },
    crash(provider, fate) {
      const line = lines.get(provider);
      if (!line)
        throw new Error("this is no provider of this cloud: give the value that cloud.provider() returned");
      crash(line, fate);
    },
  };
}

function networkOf(options: CloudOptions, nature: Nature): Network {
  return {
    nature,
    latencyMs: options.latencyMs ?? [5, 40],
    timeoutMs: options.timeoutMs ?? 10_000,
    lateMs: options.lateMs ?? [1000, 120_000],
    planned: [],
    cut: false,
  };
}

type Levers = Pick<SimulatedCloud, "kill" | "sicken" | "lose" | "heal" | "scaleExternally">;

function levers(clusters: Clusters): Levers {
  return {
    kill: (cluster, name, count = Infinity) => clusters.act(cluster, name, (group) => group.kill(count)),
    sicken: (cluster, name, count = Infinity) =>
      clusters.act(cluster, name, (group) => group.afflict(count, "unhealthy")),
    lose: (cluster, name, count = Infinity) =>
      clusters.act(cluster, name, (group) => group.afflict(count, "unknown")),
    heal: (cluster, name) => clusters.act(cluster, name, (group) => group.heal()),
    scaleExternally: (cluster, name, size) => clusters.act(cluster, name, (group) => group.resize(size)),
  };
}
