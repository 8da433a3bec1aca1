import type { ApiRequest, KubernetesApi } from "@gennaker/provider-kubernetes";
import { ProviderError, type Token } from "@gennaker/core/ports";
import { connectionOf } from "../connection-of.ts";
import { expect, type Scenario } from "../scenario.ts";
import { openPlace, release } from "../place.ts";
import { remove } from "../residue.ts";
import { until } from "../../beds/kubernetes/index.ts";

type Provider = ReturnType<Awaited<ReturnType<typeof openPlace>>["provider"]>;
type Cluster = ReturnType<Provider["cluster"]>;

interface Command {
  readonly what: string;
  readonly holds: (request: ApiRequest) => boolean;
  readonly say: (provider: Provider, cluster: Cluster, group: string, token: Token) => Promise<unknown>;
}

const COMMANDS: readonly Command[] = [
  {
    what: "scale",
    holds: ({ path }) => path.includes("/scale"),
    say: (provider, cluster, group, token) => provider.scaleGroup(cluster, { group, size: 3 }, token),
  },
  {
    what: "traffic",
    holds: ({ path, method }) => method === "PATCH" && path.includes("/services/"),
    say: (provider, cluster, group, token) =>
      provider.setTraffic(cluster, { shares: { [group]: 100 } }, token),
  },
  {
    what: "destroy",
    holds: ({ method }) => method === "DELETE",
    say: (provider, cluster, group, token) => provider.destroyGroup(cluster, { group }, token),
  },
  {
    what: "create, stopped before its reservation",
    holds: ({ method, path }) => method === "POST" && path.includes("/replicasets"),
    say: (provider, cluster, _, token) =>
      provider.createGroup(cluster, { key: "late", release: release("shop:9"), size: 2 }, token),
  },
  {
    what: "create, stopped before its last step",
    holds: ({ method, path }) => method === "PATCH" && path.includes("/replicasets/"),
    say: (provider, cluster, _, token) =>
      provider.createGroup(cluster, { key: "late", release: release("shop:9"), size: 2 }, token),
  },
];

/** A command is held on its way, another run claims the cluster, and only then does the command arrive. */
export const staleWriterScenarios: readonly Scenario[] = COMMANDS.map(({ what, holds, say }) => ({
  name: `a command that arrives after another run's claim changes nothing: ${what}`,
  wanted: "fenced, and nothing changed",
  async run({ bed }) {
    const place = await openPlace(bed, "serviceSelector");
    const held = Promise.withResolvers<void>();
    const release1 = Promise.withResolvers<void>();
    const direct = connectionOf(bed.admin.config);
    let armed = false;
    const slow: KubernetesApi = {
      async send(request) {
        if (armed && holds(request)) {
          armed = false;
          held.resolve();
          await release1.promise;
        }
        return direct.send(request);
      },
    };
    const { config: _, ...rest } = { config: undefined };
    const old = place.provider({ ...rest, api: slow });
    const newcomer = place.provider();
    const cluster = newcomer.cluster(place.cluster);
    const token = { run: "old", epoch: await old.claim(cluster, { run: "old" }), command: "1" };
    const { group } = await old.createGroup(
      cluster,
      { key: "first", release: release("shop:1"), size: 1 },
      token,
    );
    armed = true;
    const late = say(old, cluster, group, token).then(
      () => "carried out",
      (error: unknown) => (error instanceof ProviderError ? error.kind : String(error)),
    );
    await held.promise;
    await newcomer.claim(cluster, { run: "new" });
    const before = JSON.stringify(wanted(await newcomer.observe(cluster)));
    release1.resolve();
    const outcome = await late;
    const after = JSON.stringify(wanted(await newcomer.observe(cluster)));
    expect(before === after, `the world is ${before}, not ${after}`);
    // What a late create may leave is an empty reservation, which the next claim discards.
    await newcomer.claim(cluster, { run: "third" });
    await until(async () => ((await newcomer.observe(cluster)).groups.length === 1 ? true : undefined), {
      what: "one group",
    });
    await remove(bed, place.namespace);
    return outcome === "fenced" ? "fenced, and nothing changed" : outcome;
  },
}));

function wanted({ groups }: Awaited<ReturnType<Provider["observe"]>>): unknown {
  return groups.map(({ name, desired, share }) => ({ name, desired, share }));
}
