import {
  type CallOptions,
  type Cluster,
  type ClusterState,
  type GroupSpec,
  type Json,
  type Provider,
  type RolloutCommand,
  type Supports,
  type Token,
  UnsupportedError,
} from "@gennaker/core/ports";
import type { Behaviour } from "./behaviour.ts";
import { type Answer, failure, send } from "./call.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { Operation } from "./faults.ts";
import { land, type Landing, type SentCommand } from "./landing.ts";
import { type Line, show } from "./line.ts";
import { fence } from "./refusal.ts";
import { watchCluster } from "./watch.ts";

/** What a connection needs of its cloud. */
export interface Ground {
  readonly account: string;
  readonly supports: Supports;
  find(cluster: Cluster): SimulatedCluster;
  behaviourOf(release: Json): Behaviour;
  landed(landing: Landing): void;
}

/** A provider that speaks to a simulated cloud over one line. */
export function connect(line: Line, ground: Ground): Provider {
  const speak = commander(line, ground);
  return {
    name: line.provider,
    supports: ground.supports,
    cluster: (name) => ({ provider: line.provider, account: ground.account, location: "virtual", name }),
    check: (cluster, release, options = {}) =>
      read(line, ground.find(cluster), options, () => ground.behaviourOf(release).invalid ?? []),
    observe: (cluster, options = {}) => observe(line, ground.find(cluster), options),
    watch: (cluster, options = {}) => watch(line, ground, cluster, options),
    claim: (cluster, { run }, options = {}) => claim(line, ground.find(cluster), run, options),
    async createGroup(cluster, spec: GroupSpec, token, options) {
      const command = { do: "create-group", key: spec.key, size: spec.size } as const;
      const what = { release: spec.release, behaviour: ground.behaviourOf(spec.release) };
      return { group: await speak("createGroup", cluster, command, token, options, what) };
    },
    async scaleGroup(cluster, change, token, options) {
      await speak("scaleGroup", cluster, { do: "scale-group", ...change }, token, options);
    },
    async setTraffic(cluster, change, token, options) {
      await speak("setTraffic", cluster, { do: "set-traffic", ...change }, token, options);
    },
    async destroyGroup(cluster, change, token, options) {
      await speak("destroyGroup", cluster, { do: "destroy-group", ...change }, token, options);
    },
    ...(ground.supports.preview && {
      preview: (cluster, group, options = {}) => preview(line, ground.find(cluster), group, options),
    }),
    async close() {
      line.ended.abort();
    },
  };
}

type Speak = (
  operation: Operation,
  cluster: Cluster,
  command: RolloutCommand,
  token: Token,
  options?: CallOptions,
  what?: Pick<SentCommand, "release" | "behaviour">,
) => Promise<string>;

function commander(line: Line, ground: Ground): Speak {
  return async (operation, cluster, command, token, options = {}, what = {}) => {
    const world = ground.find(cluster);
    const looked = line.looked.get(world.id);
    const seen = line.seen.get(world.id) ?? 0;
    const sent = { command, token, seen, ...(looked && { looked }), ...what };
    const resource = "group" in command ? command.group : world.id;
    const call = { operation, world, resource, signal: options.signal, epoch: token.epoch };
    options.signal?.throwIfAborted();
    // A world that cannot refuse: the provider looks before it sends, and claims wait for what is on its way.
    const fenced = ground.supports.fencing === "drain" ? fence(world, token) : undefined;
    if (fenced) throw failure(line, call, fenced);
    return send(line, {
      ...call,
      land(answer: Answer<string>, { late }) {
        const landed = land(world, sent, late || line.crashed);
        if ("kind" in landed) return answer.refuse(landed);
        ground.landed(landed.landing);
        answer.give(landed.group);
      },
    });
  };
}

function read<T>(
  line: Line,
  world: SimulatedCluster,
  options: CallOptions,
  look: (stale: boolean) => T,
): Promise<T> {
  return send(line, {
    operation: "observe",
    world,
    resource: world.id,
    signal: options.signal,
    land: (answer: Answer<T>, { stale }) => answer.give(look(stale)),
  });
}

// The address names the group alone: whoever gets there reaches nothing else.
function preview(
  line: Line,
  world: SimulatedCluster,
  group: string,
  options: CallOptions,
): Promise<{ readonly address: string }> {
  return send(line, {
    operation: "preview",
    world,
    resource: group,
    signal: options.signal,
    land(answer: Answer<{ readonly address: string }>) {
      if (world.groups.has(group)) answer.give({ address: `http://${group}.preview.simulated` });
      else answer.refuse({ kind: "not-found", message: `there is no group ${group}` });
    },
  });
}

async function observe(line: Line, world: SimulatedCluster, options: CallOptions): Promise<ClusterState> {
  const state = await read(line, world, options, (stale) => (stale ? world.stale() : world.state()));
  return show(line, world.id, state);
}

function watch(
  line: Line,
  ground: Ground,
  cluster: Cluster,
  options: CallOptions,
): AsyncIterable<ClusterState> {
  if (!ground.supports.watch) {
    throw new UnsupportedError(`${line.provider} cannot watch ${cluster.name}: observe it from time to time`);
  }
  const { signal } = line.ended;
  return watchCluster(
    line,
    ground.find(cluster),
    options.signal ? AbortSignal.any([options.signal, signal]) : signal,
  );
}

function claim(line: Line, world: SimulatedCluster, run: string, options: CallOptions): Promise<number> {
  return send(line, {
    operation: "claim",
    world,
    resource: world.id,
    signal: options.signal,
    land(answer: Answer<number>) {
      const epoch = ++world.epoch;
      world.claimedBy = run;
      if (world.supports.fencing === "refuse") answer.give(epoch);
      else world.whenDrained(epoch, () => answer.give(epoch));
    },
  });
}
