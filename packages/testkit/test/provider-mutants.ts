import {
  type ClusterState,
  type Provider,
  ProviderError,
  type ServerGroup,
  type Supports,
  type Token,
} from "@gennaker/core/ports";
import type { VirtualClock } from "../src/index.ts";

/** A provider that breaks one promise, and the test that must tell. */
export interface Mutant {
  readonly caughtBy: string;
  readonly features?: Partial<Supports>;
  readonly wrap: (provider: Provider, clock: VirtualClock) => Partial<Provider>;
}

type Groups = ClusterState["groups"];

/** Sees each group differently. */
function seeing(
  provider: Provider,
  see: (group: ServerGroup, groups: Groups) => ServerGroup,
): Partial<Provider> {
  return seeingState(provider, (state) => ({
    ...state,
    groups: state.groups.map((it) => see(it, state.groups)),
  }));
}

function seeingState(provider: Provider, see: (state: ClusterState) => ClusterState): Partial<Provider> {
  return { observe: async (cluster, options) => see(await provider.observe(cluster, options)) };
}

/** Says each command with another token. */
function speaking(provider: Provider, as: (token: Token) => Token | Promise<Token>): Partial<Provider> {
  return {
    createGroup: async (cluster, spec, token, options) =>
      provider.createGroup(cluster, spec, await as(token), options),
    scaleGroup: async (cluster, change, token, options) =>
      provider.scaleGroup(cluster, change, await as(token), options),
    setTraffic: async (cluster, change, token, options) =>
      provider.setTraffic(cluster, change, await as(token), options),
    destroyGroup: async (cluster, change, token, options) =>
      provider.destroyGroup(cluster, change, await as(token), options),
  };
}

/** Changes how calls fail; `mend` returns to let a failure pass for a success. */
function failing(provider: Provider, mend: (error: unknown) => void): Partial<Provider> {
  const pass = (error: unknown): void => mend(error);
  return {
    scaleGroup: (...call) => provider.scaleGroup(...call).catch(pass),
    setTraffic: (...call) => provider.setTraffic(...call).catch(pass),
    destroyGroup: (...call) => provider.destroyGroup(...call).catch(pass),
  };
}

const kindOf = (error: unknown): string | undefined =>
  error instanceof ProviderError ? error.kind : undefined;

/** Lets failures of a kind pass for successes. */
function swallowing(provider: Provider, kind: string): Partial<Provider> {
  return failing(provider, (error) => {
    if (kindOf(error) !== kind) throw error;
  });
}

/** Reads a watch and tells something else. */
function watching(
  provider: Provider,
  tell: (states: AsyncIterable<ClusterState>) => AsyncIterable<ClusterState>,
): Partial<Provider> {
  return { watch: (cluster, options) => tell(provider.watch(cluster, options)) };
}

/** Remembers the newest epoch of any cluster. */
function claiming(provider: Provider, claimed: (epoch: number) => void): Pick<Provider, "claim"> {
  return {
    async claim(cluster, claimant, options) {
      const epoch = await provider.claim(cluster, claimant, options);
      claimed(epoch);
      return epoch;
    },
  };
}

/** Keys as the world sees them differ from keys as they were said. */
function keying(provider: Provider, keyOf: (key: string) => string): Partial<Provider> {
  return {
    ...seeing(provider, ({ key, ...group }) => ({
      ...group,
      ...(key !== undefined && { key: key.split("@")[0]! }),
    })),
    createGroup: (cluster, spec, token, options) =>
      provider.createGroup(cluster, { ...spec, key: `${spec.key}@${keyOf(spec.key)}` }, token, options),
  };
}

const TWICE = "create > one key, asked for twice, makes one group";
const AT_ONCE = "create > one key, asked for five times at once, makes one group";
const OLD_EPOCH = "fencing > commands of an older epoch are refused and change nothing";
const IN_ORDER = "watch > changes are told by themselves, in order of revision";
const BAD_RELEASE = "observe > a release that cannot become healthy is never shown as healthy, and says why";
const ABORTED =
  "cancellation > a call whose signal was aborted before rejects with its reason and changes nothing";

/** By what is wrong with them. */
export const mutants: Readonly<Record<string, Mutant>> = {
  "forgets the key": {
    caughtBy: TWICE,
    wrap(provider) {
      let calls = 0;
      return keying(provider, () => String(calls++));
    },
  },
  "remembers a key only once its group is there": {
    caughtBy: AT_ONCE,
    wrap(provider) {
      const made = new Map<string, { readonly group: string }>();
      let calls = 0;
      return {
        ...keying(provider, () => ""),
        async createGroup(cluster, spec, token, options) {
          const known = made.get(spec.key);
          if (known) return known;
          const key = `${spec.key}@${calls++}`;
          const group = await provider.createGroup(cluster, { ...spec, key }, token, options);
          made.set(spec.key, group);
          return group;
        },
      };
    },
  },
  "knows keys by connection": {
    caughtBy: "create > another connection finds the group of a key",
    wrap: (provider) => keying(provider, () => "mine"),
  },
  "resizes the group of a key that is used again": {
    caughtBy: "create > a key that is used again with another size and release leaves its group as it is",
    wrap: (provider) => ({
      async createGroup(cluster, spec, token, options) {
        const made = await provider.createGroup(cluster, spec, token, options);
        await provider.scaleGroup(cluster, { group: made.group, size: spec.size }, token, options);
        return made;
      },
    }),
  },
  "loses the key of a second group": {
    caughtBy: TWICE,
    features: { createOnce: false },
    wrap: (provider) =>
      seeing(provider, ({ key, ...group }) => (group.sequence > 1 ? group : { ...group, key: key! })),
  },
  "starts one instance, whatever the size": {
    caughtBy: "create > a new group is observed with its key and size, and becomes healthy",
    wrap: (provider) => ({
      createGroup: (cluster, spec, token, options) =>
        provider.createGroup(cluster, { ...spec, size: Math.min(spec.size, 1) }, token, options),
    }),
  },
  "starts at least one instance": {
    caughtBy: "create > a group of size 0 has no instances",
    wrap: (provider) => ({
      createGroup: (cluster, spec, token, options) =>
        provider.createGroup(cluster, { ...spec, size: spec.size || 1 }, token, options),
    }),
  },
  "reports another release than it runs": {
    caughtBy: "create > a release that is reported is whole: another group can be made of it",
    wrap: (provider) => seeing(provider, (group) => ({ ...group, release: "bad" })),
  },
  "gives a new group traffic": {
    caughtBy: "create > a new group has no traffic, and takes none away",
    wrap: (provider) => ({
      async createGroup(cluster, spec, token, options) {
        const made = await provider.createGroup(cluster, spec, token, options);
        await provider.setTraffic(cluster, { shares: { [made.group]: 100 } }, token, options);
        return made;
      },
    }),
  },
  "counts sequence numbers down": {
    caughtBy: "create > newer groups have larger sequence numbers",
    wrap: (provider) => seeing(provider, (group) => ({ ...group, sequence: -group.sequence })),
  },
  "uses a sequence number again": {
    caughtBy: "create > the sequence number of a destroyed group is not used again",
    wrap: (provider) =>
      seeing(provider, (group, groups) => ({ ...group, sequence: groups.indexOf(group) + 1 })),
  },

  "never grows": {
    caughtBy: "scale > a group grows",
    wrap: (provider) => ({
      scaleGroup: async (cluster, change, token, options) => {
        const { groups } = await provider.observe(cluster, options);
        const desired = groups.find((it) => it.name === change.group)?.desired ?? change.size;
        await provider.scaleGroup(
          cluster,
          { ...change, size: Math.min(change.size, desired) },
          token,
          options,
        );
      },
    }),
  },
  "never shrinks": {
    caughtBy: "scale > a group shrinks",
    wrap: (provider) => ({
      scaleGroup: async (cluster, change, token, options) => {
        const { groups } = await provider.observe(cluster, options);
        const desired = groups.find((it) => it.name === change.group)?.desired ?? 0;
        await provider.scaleGroup(
          cluster,
          { ...change, size: Math.max(change.size, desired) },
          token,
          options,
        );
      },
    }),
  },
  "keeps one instance": {
    caughtBy: "scale > a group shrinks to nothing, and comes back",
    wrap: (provider) => ({
      scaleGroup: (cluster, change, token, options) =>
        provider.scaleGroup(
          cluster,
          { ...change, size: change.size === 0 ? 1 : change.size },
          token,
          options,
        ),
    }),
  },
  "adds instances each time that a size is said": {
    caughtBy: "scale > the same size, said twice, is the same size",
    wrap(provider) {
      const said = new Set<string>();
      return {
        async scaleGroup(cluster, change, token, options) {
          const more = said.has(token.command) ? 1 : 0;
          said.add(token.command);
          await provider.scaleGroup(cluster, { ...change, size: change.size + more }, token, options);
        },
      };
    },
  },
  "takes the traffic away when it scales": {
    caughtBy: "scale > other groups and the traffic stay as they are",
    wrap: (provider) => ({
      async scaleGroup(cluster, change, token, options) {
        await provider.scaleGroup(cluster, change, token, options);
        await provider.setTraffic(cluster, { shares: {} }, token, options);
      },
    }),
  },
  "finds groups that do not exist": {
    caughtBy: "scale > a group that does not exist is not found",
    wrap: (provider) => swallowing(provider, "not-found"),
  },
  "makes any number a size": {
    caughtBy: "scale > a size that is no number of instances is invalid",
    wrap: (provider) => ({
      scaleGroup: (cluster, change, token, options) =>
        provider.scaleGroup(
          cluster,
          { ...change, size: Math.max(0, Math.floor(change.size) || 0) },
          token,
          options,
        ),
    }),
  },

  "moves traffic only once": {
    caughtBy: "traffic > all of it goes to one group, and then to another",
    wrap(provider) {
      let moved = false;
      return {
        async setTraffic(...call) {
          if (!moved) await provider.setTraffic(...call);
          moved = true;
        },
      };
    },
  },
  "gives all traffic to the largest share": {
    caughtBy: "traffic > it is split: by weight, by healthy instances, or not at all",
    wrap: (provider) => ({
      setTraffic: (cluster, { shares, ...change }, token, options) => {
        const [first] = Object.entries(shares).toSorted(([, a], [, b]) => b - a);
        return provider.setTraffic(
          cluster,
          { ...change, shares: first ? { [first[0]]: 100 } : {} },
          token,
          options,
        );
      },
    }),
  },
  "splits where it says that it cannot": {
    caughtBy: "traffic > observed shares of three groups sum to 100",
    features: { traffic: "switch" },
    wrap: (provider) => swallowing(provider, "invalid"),
  },
  "rounds shares down": {
    caughtBy: "traffic > observed shares of three groups sum to 100",
    wrap: (provider) => seeing(provider, (group) => ({ ...group, share: Math.floor(group.share / 10) * 10 })),
  },
  "refuses shares that are set already": {
    caughtBy: "traffic > the same shares, said twice, are the same shares",
    wrap(provider) {
      let last = "";
      return {
        async setTraffic(cluster, change, token, options) {
          if (last === JSON.stringify(change.shares)) throw new Error("nothing to do");
          last = JSON.stringify(change.shares);
          await provider.setTraffic(cluster, change, token, options);
        },
      };
    },
  },
  "leaves traffic where it is when nobody is named": {
    caughtBy: "traffic > where nobody is named, nobody has traffic",
    wrap: (provider) => ({
      async setTraffic(cluster, change, token, options) {
        if (Object.keys(change.shares).length > 0) await provider.setTraffic(cluster, change, token, options);
      },
    }),
  },
  "scales with the traffic": {
    caughtBy: "traffic > sizes and instances stay as they are",
    wrap: (provider) => ({
      async setTraffic(cluster, change, token, options) {
        await provider.setTraffic(cluster, change, token, options);
        for (const group of Object.keys(change.shares))
          await provider.scaleGroup(cluster, { group, size: 2 }, token);
      },
    }),
  },
  "takes shares that do not sum to 100": {
    caughtBy: "traffic > shares that do not sum to 100, or are no shares, are invalid",
    wrap: (provider) => swallowing(provider, "invalid"),
  },
  "gives traffic to groups that do not exist": {
    caughtBy: "traffic > a group that does not exist is not found",
    wrap: (provider) => swallowing(provider, "not-found"),
  },

  "empties a group where it should destroy it": {
    caughtBy: "destroy > a destroyed group is gone",
    wrap: (provider) => ({
      destroyGroup: (cluster, { group }, token, options) =>
        provider.scaleGroup(cluster, { group, size: 0 }, token, options),
    }),
  },
  "cannot destroy twice": {
    caughtBy: "destroy > a group destroyed twice is a success",
    wrap(provider) {
      const destroyed = new Set<string>();
      return {
        async destroyGroup(cluster, change, token, options) {
          if (destroyed.has(change.group)) throw new Error("gone already");
          await provider.destroyGroup(cluster, change, token, options);
          destroyed.add(change.group);
        },
      };
    },
  },
  "cannot destroy what never existed": {
    caughtBy: "destroy > a group that never existed is a success",
    wrap: (provider) => ({
      async destroyGroup(cluster, change, token, options) {
        const { groups } = await provider.observe(cluster, options);
        if (!groups.some((it) => it.name === change.group)) throw new Error("no such group");
        await provider.destroyGroup(cluster, change, token, options);
      },
    }),
  },
  "takes the traffic from the others when it destroys": {
    caughtBy: "destroy > other groups keep their instances and their traffic",
    wrap: (provider) => ({
      async destroyGroup(cluster, change, token, options) {
        await provider.destroyGroup(cluster, change, token, options);
        await provider.setTraffic(cluster, { shares: {} }, token, options);
      },
    }),
  },

  "claims the same epoch again": {
    caughtBy: "fencing > each claim is above all earlier ones",
    wrap(provider) {
      let first: Promise<number> | undefined;
      return { claim: (...call) => (first ??= provider.claim(...call)) };
    },
  },
  "gives claims that are made at once one epoch": {
    caughtBy: "fencing > claims made at once get different epochs",
    wrap(provider) {
      let open: Promise<number> | undefined;
      return {
        claim: (...call) =>
          (open ??= provider.claim(...call).finally(() => {
            open = undefined;
          })),
      };
    },
  },
  "counts claims by connection": {
    caughtBy: "fencing > a claim over another connection is above the earlier ones",
    wrap: (provider) => {
      const ahead = 1000;
      return {
        claim: async (...call) => ahead + (await provider.claim(...call)),
        ...speaking(provider, (token) => ({ ...token, epoch: token.epoch - ahead })),
      };
    },
  },
  "accepts older epochs": {
    caughtBy: OLD_EPOCH,
    wrap(provider) {
      let newest = 0;
      return {
        ...claiming(provider, (epoch) => (newest = epoch)),
        ...speaking(provider, (token) => ({ ...token, epoch: newest })),
      };
    },
  },
  "names the wrong claimant": {
    caughtBy: OLD_EPOCH,
    wrap: (provider) => ({
      claim: (cluster, _claimant, options) => provider.claim(cluster, { run: "somebody" }, options),
    }),
  },
  "refuses older epochs without saying so": {
    caughtBy: OLD_EPOCH,
    wrap: (provider) => swallowing(provider, "fenced"),
  },
  "sends a command after a claim as if it came from the claimant": {
    caughtBy: "fencing > a command that is on its way when the cluster is claimed does not land afterwards",
    wrap(provider, clock) {
      let newest = 0;
      return {
        ...claiming(provider, (epoch) => (newest = epoch)),
        ...speaking(provider, async (token) => {
          const current = token.epoch === newest;
          await new Promise<void>((resolve) => void clock.after(1000, resolve));
          return current ? { ...token, epoch: newest } : token;
        }),
      };
    },
  },
  "fences the newest epoch too": {
    caughtBy: "fencing > commands of the newest epoch are carried out",
    wrap: (provider) => speaking(provider, (token) => ({ ...token, epoch: Math.min(token.epoch, 1) })),
  },
  "has one epoch for all clusters": {
    caughtBy: "fencing > a claim of one cluster does not fence another",
    wrap(provider) {
      let newest = 0;
      return {
        ...claiming(provider, (epoch) => (newest = Math.max(newest, epoch))),
        ...speaking(provider, (token) => (token.epoch < newest ? { ...token, epoch: -1 } : token)),
      };
    },
  },

  "ignores the conditions of scaling": {
    caughtBy: "conditions > a group is not scaled while another has too few healthy instances",
    wrap: (provider) => ({
      scaleGroup: (cluster, { group, size }, token, options) =>
        provider.scaleGroup(cluster, { group, size }, token, options),
    }),
  },
  "ignores the conditions of traffic": {
    caughtBy: "conditions > traffic is not moved to a group with too few healthy instances",
    wrap: (provider) => ({
      setTraffic: (cluster, { shares }, token, options) =>
        provider.setTraffic(cluster, { shares }, token, options),
    }),
  },
  "ignores the conditions of destroying": {
    caughtBy: "conditions > a group with more traffic than allowed is not destroyed",
    wrap: (provider) => ({
      destroyGroup: (cluster, { group }, token, options) =>
        provider.destroyGroup(cluster, { group }, token, options),
    }),
  },
  "loses a conflict": {
    caughtBy: "conditions > a group that is not there is not healthy",
    wrap: (provider) => swallowing(provider, "conflict"),
  },
  "does not look at how large a group is to be": {
    caughtBy: "conditions > a group that somebody made larger than allowed is not scaled",
    wrap: (provider) => ({
      scaleGroup: (cluster, { condition, ...change }, token, options) => {
        const lax = Object.entries(condition ?? {}).map(([name, { desiredAtMost: _, ...rest }]) => [
          name,
          rest,
        ]);
        return provider.scaleGroup(
          cluster,
          { ...change, condition: Object.fromEntries(lax) },
          token,
          options,
        );
      },
    }),
  },
  "checks the first part of a condition only": {
    caughtBy: "conditions > all parts of a condition must hold",
    wrap: (provider) => ({
      destroyGroup: (cluster, { group, condition = {} }, token, options) => {
        const first = Object.fromEntries(Object.entries(condition).slice(0, 1));
        return provider.destroyGroup(cluster, { group, condition: first }, token, options);
      },
    }),
  },
  "takes any condition for unmet": {
    caughtBy: "conditions > commands are carried out where their conditions hold",
    wrap: (provider) => ({
      scaleGroup: (cluster, change, token, options) => {
        const condition = change.condition && { nobody: { healthyAtLeast: 1 } };
        return provider.scaleGroup(cluster, { ...change, ...(condition && { condition }) }, token, options);
      },
    }),
  },

  "watches without a first state": {
    caughtBy: "watch > the cluster as it is comes first",
    wrap: (provider) =>
      watching(provider, async function* (states) {
        let first = true;
        for await (const state of states) {
          if (!first) yield state;
          first = false;
        }
      }),
  },
  "cannot watch an empty cluster": {
    caughtBy: "watch > a cluster that was never used can be watched from its beginning",
    wrap: (provider) =>
      watching(provider, async function* (states) {
        for await (const state of states) {
          if (state.revision === 0) throw new Error("no such cluster");
          yield state;
        }
      }),
  },
  "watches out of order": {
    caughtBy: IN_ORDER,
    wrap: (provider) =>
      watching(provider, async function* (states) {
        let before: ClusterState | undefined;
        for await (const state of states) {
          yield state;
          if (before) yield before;
          yield state;
          before = state;
        }
      }),
  },
  "tells the first state only": {
    caughtBy: IN_ORDER,
    wrap: (provider) =>
      watching(provider, async function* (states) {
        let first = true;
        for await (const state of states) {
          if (first) yield state;
          first = false;
        }
      }),
  },
  "has one watch at a time": {
    caughtBy: "watch > two watches of one cluster do not disturb each other",
    wrap(provider) {
      let last: AbortController | undefined;
      return {
        watch(cluster, options) {
          last?.abort();
          last = new AbortController();
          const signals = [last.signal, ...(options?.signal ? [options.signal] : [])];
          return provider.watch(cluster, { signal: AbortSignal.any(signals) });
        },
      };
    },
  },
  "watches for ever": {
    caughtBy: "watch > a watch whose signal was aborted before ends at once",
    wrap: (provider) => ({ watch: (cluster) => provider.watch(cluster) }),
  },
  "fails when a watch is stopped": {
    caughtBy: "watch > the cluster as it is comes first",
    wrap: (provider) => ({
      async *watch(cluster, options) {
        yield* provider.watch(cluster, options);
        options?.signal?.throwIfAborted();
      },
    }),
  },
  "watches in silence where it says that it cannot watch": {
    caughtBy: IN_ORDER,
    features: { watch: false },
    wrap: () => ({ async *watch() {} }),
  },

  "cannot observe an empty cluster": {
    caughtBy: "observe > a cluster that was never used is empty, at revision 0",
    wrap: (provider) =>
      seeingState(provider, (state) => {
        if (state.revision === 0) throw new Error("no such cluster");
        return state;
      }),
  },
  "shows the state before, and does not say so": {
    caughtBy: "observe > an observation is never older than the last acknowledged command, or says so",
    wrap(provider) {
      let before: ClusterState | undefined;
      return seeingState(provider, (state) => {
        const shown = before ?? state;
        before = state;
        return shown;
      });
    },
  },
  "always says that it may be stale": {
    caughtBy: "observe > the revision grows with each change",
    wrap: (provider) => seeingState(provider, (state) => ({ ...state, stale: true })),
  },
  "stands still at one revision": {
    caughtBy: "observe > the revision grows with each change",
    wrap: (provider) => seeingState(provider, (state) => ({ ...state, revision: 0 })),
  },
  "counts healthy instances as starting too": {
    caughtBy: "observe > instances are counted by how they are, and settle at the size",
    wrap: (provider) => seeing(provider, (group) => ({ ...group, starting: group.starting + group.healthy })),
  },
  "takes every instance for healthy": {
    caughtBy: BAD_RELEASE,
    wrap: (provider) => seeing(provider, (group) => ({ ...group, healthy: group.desired })),
  },
  "says nothing of problems": {
    caughtBy: BAD_RELEASE,
    wrap: (provider) =>
      seeing(provider, (group) => {
        const { problem, ...rest } = group;
        return problem ? rest : group;
      }),
  },
  "observes what JSON cannot carry": {
    caughtBy: "observe > what is observed can be recorded as JSON",
    wrap: (provider) => seeing(provider, (group) => Object.assign({}, group, { createdAt: new Date(0) })),
  },
  "keeps its own idea of sizes": {
    caughtBy: "observe > another connection observes the same",
    wrap: (provider) => seeing(provider, (group) => ({ ...group, desired: group.desired + 1 })),
  },
  "takes the groups along when it is closed": {
    caughtBy: "observe > groups and traffic stay when a connection is closed",
    wrap(provider) {
      const ends: (() => Promise<void>)[] = [];
      return {
        async createGroup(cluster, spec, token, options) {
          const made = await provider.createGroup(cluster, spec, token, options);
          ends.push(() => provider.destroyGroup(cluster, made, token));
          return made;
        },
        async close() {
          for (const end of ends) await end().catch(() => {});
          await provider.close();
        },
      };
    },
  },

  "fails with errors of its own": {
    caughtBy:
      "errors > an error names the provider, the operation and the resource, and is not retried in vain",
    wrap: (provider) =>
      failing(provider, (error) => {
        throw new Error(String(error));
      }),
  },
  "names neither itself nor the group": {
    caughtBy:
      "errors > an error names the provider, the operation and the resource, and is not retried in vain",
    wrap: (provider) =>
      failing(provider, (error) => {
        const kind = (error as ProviderError).kind ?? "unavailable";
        throw new ProviderError({ provider: "cloud", operation: "", resource: "", kind, message: "failed" });
      }),
  },
  "makes any number the size of a new group": {
    caughtBy: "errors > a size of a new group that is no number of instances is invalid",
    wrap: (provider) => ({
      createGroup: (cluster, spec, token, options) =>
        provider.createGroup(cluster, { ...spec, size: Math.max(0, Math.floor(spec.size)) }, token, options),
    }),
  },
  "finds fault with every release": {
    caughtBy: "errors > a good release has no problems, and looking for them changes nothing",
    wrap: () => ({ check: async () => ["not good enough"] }),
  },
  "makes clusters of another provider": {
    caughtBy: "errors > a cluster is a name of this provider",
    wrap: (provider) => {
      let made = 0;
      return { cluster: (name) => ({ ...provider.cluster(name), location: `zone-${made++}` }) };
    },
  },

  "ignores the signal of commands": {
    caughtBy: "cancellation > a command whose signal is aborted on the way rejects with its reason",
    wrap: (provider) => ({
      createGroup: (cluster, spec, token) => provider.createGroup(cluster, spec, token),
      scaleGroup: (cluster, change, token) => provider.scaleGroup(cluster, change, token),
      setTraffic: (cluster, change, token) => provider.setTraffic(cluster, change, token),
      destroyGroup: (cluster, change, token) => provider.destroyGroup(cluster, change, token),
    }),
  },
  "ignores the signal of claims": {
    caughtBy: ABORTED,
    wrap: (provider) => ({ claim: (cluster, by) => provider.claim(cluster, by) }),
  },
  "ignores the signal of observations": {
    caughtBy: ABORTED,
    wrap: (provider) => ({ observe: (cluster) => provider.observe(cluster) }),
  },
  "rejects with a reason of its own": {
    caughtBy: "cancellation > a read whose signal is aborted on the way answers or rejects with its reason",
    wrap: (provider) => ({
      observe: (cluster, options) =>
        provider.observe(cluster, options).catch((error: unknown) => {
          throw options?.signal?.aborted ? new Error("aborted") : error;
        }),
    }),
  },
  "does not let a stopped command be said again": {
    caughtBy: "cancellation > a command that was stopped can be said again",
    wrap(provider) {
      const said = new Set<string>();
      return {
        async scaleGroup(cluster, change, token, options) {
          const again = said.has(token.command);
          said.add(token.command);
          if (!again) await provider.scaleGroup(cluster, change, token, options);
          else throw new Error("said already");
        },
      };
    },
  },
  "dies of a signal that is aborted afterwards": {
    caughtBy: "cancellation > a signal that is aborted afterwards does no harm",
    wrap(provider) {
      let dead = false;
      return {
        async observe(cluster, options) {
          if (dead) throw new Error("dead");
          options?.signal?.addEventListener("abort", () => (dead = true));
          return provider.observe(cluster, options);
        },
      };
    },
  },

  "has a preview that it does not support": {
    caughtBy: "preview > where it is not supported, it is absent or refused",
    wrap: () => ({ preview: async () => ({ address: "http://nowhere" }) }),
  },
  "gives a group traffic to show it": {
    caughtBy: "preview > a door to a group without traffic changes nothing of the cluster's traffic",
    features: { preview: true },
    wrap: (provider) => ({
      async preview(cluster, group, options) {
        const token = { run: "kit", epoch: await provider.claim(cluster, { run: "kit" }), command: "show" };
        await provider.setTraffic(cluster, { shares: { [group]: 100 } }, token, options);
        return showing(provider, cluster, group);
      },
    }),
  },
  "shows the group that serves": {
    caughtBy: "preview > what goes in there reaches this group alone",
    features: { preview: true },
    wrap: (provider) => ({
      async preview(cluster, group) {
        const { groups } = await provider.observe(cluster);
        const serving = groups.find(({ share }) => share > 0);
        return showing(provider, cluster, serving?.name ?? group);
      },
    }),
  },
  "opens another door each time": {
    caughtBy: "preview > asked again, it is the same door, also once the group has traffic",
    features: { preview: true },
    wrap(provider) {
      let doors = 0;
      return {
        async preview(cluster, group) {
          const { address } = await showing(provider, cluster, group);
          return { address: `${address}/${doors++}` };
        },
      };
    },
  },
  "has doors to groups that do not exist": {
    caughtBy: "preview > a group that does not exist has no door",
    features: { preview: true },
    wrap: () => ({ preview: async (_cluster, group) => ({ address: `http://${group}.preview.simulated` }) }),
  },
};

function showing(
  provider: Provider,
  cluster: Parameters<Provider["observe"]>[0],
  group: string,
): Promise<{ readonly address: string }> {
  return provider.preview?.(cluster, group) ?? Promise.reject(new Error("it has no preview"));
}
