import { AppsV1Api } from "@kubernetes/client-node";
import type { Strategy } from "@gennaker/core";
import type { KubernetesRelease } from "@gennaker/provider-kubernetes";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";
import { type Agent, type Bed, type Front, until } from "../beds/kubernetes/index.ts";
import { startLoad } from "../beds/load.ts";
import { type Kind, KINDS } from "./kinds.ts";
import { type ControlledGround, expect, type Scenario } from "./scenario.ts";
import { openStage } from "./stage.ts";

const DEADLINE = { deadline: "2m" } as const;

const STRATEGIES: Readonly<Record<string, (kind: Kind) => Strategy | undefined>> = {
  redBlack: () => redBlack(DEADLINE),
  // All to one at once is what a switch can do of it.
  rollingRedBlack: (kind) =>
    rollingRedBlack({ ...DEADLINE, percentages: kind === "serviceSelector" ? [100] : [50, 100] }),
  rolling: (kind) => (kind === "serviceSelector" ? undefined : rolling({ ...DEADLINE, maxSurge: 1 })),
  canary: (kind) =>
    kind === "serviceSelector" ? undefined : canary({ ...DEADLINE, steps: [{ weight: 50, hold: "1s" }] }),
  highlander: () => highlander(DEADLINE),
};

const FRONTS: Readonly<Record<Kind, Front["kind"]>> = {
  serviceSelector: "Service",
  proportional: "Service",
  gatewayRoute: "HTTPRoute",
  istio: "VirtualService",
  nginxCanary: "Ingress",
};

const SIZE = 2;

/** What was counted over all of them. */
export interface Losses {
  requests: number;
  lost: number;
  readonly reasons: Record<string, number>;
}

/** Every strategy with every kind of traffic that it can be used with, with pods that serve, under load. */
export function matrix(agent: Agent, losses: Losses): readonly Scenario<ControlledGround>[] {
  return KINDS.flatMap((kind) =>
    Object.entries(STRATEGIES).flatMap(([name, make]) => {
      const strategy = make(kind);
      return strategy ? [underLoad(`${name} × ${kind}, under load`, kind, strategy, agent, losses)] : [];
    }),
  );
}

function underLoad(
  name: string,
  kind: Kind,
  strategy: Strategy,
  agent: Agent,
  losses: Losses,
): Scenario<ControlledGround> {
  return {
    name,
    wanted: "succeeded",
    async run({ bed, control, say }) {
      const stage = await openStage({ bed, kind, release: (image) => served(image, agent) });
      try {
        await stage.serve("shop:1", SIZE);
        const balancer = await control.balancer(stage.place.namespace, {
          kind: FRONTS[kind],
          name: stage.place.cluster,
        });
        await until(() => balancer.shares.some(({ endpoints }) => endpoints.length === SIZE) || undefined, {
          what: "endpoints",
        });
        const load = startLoad({ url: balancer.url, connections: 2, pauseMs: 10 });
        await until(() => (load.tally.versions["1"] ?? 0) > 20 || undefined, {
          what: "answers of version 1",
        });
        const { outcome, reason } = await stage.end(await stage.deploy("shop:2", strategy));
        await until(() => (load.tally.versions["2"] ?? 0) > 20 || undefined, {
          what: "answers of version 2",
        });
        const tally = await load.stop();
        losses.requests += tally.sent;
        losses.lost += tally.lost;
        for (const [why, count] of Object.entries(tally.reasons))
          losses.reasons[why] = (losses.reasons[why] ?? 0) + count;
        if (tally.lost > 0)
          say(`  ${tally.lost} of ${tally.sent} requests lost: ${JSON.stringify(tally.reasons)}`);
        await balancer.close();
        const groups = await stage.groups();
        const serving = groups
          .filter(({ share }) => share > 0)
          .map(({ share, healthy }) => `${share} % ${healthy}`);
        if (outcome !== "succeeded") return `${outcome}: ${reason}`;
        expect(serving.join() === `100 % ${SIZE}`, `one group serves all, not ${serving.join()}`);
        const recorded = await digestsOf(bed, stage.place.namespace);
        expect(/^{"app":"sha256:[0-9a-f]{64}"}$/.test(recorded), `the digest is recorded, not ${recorded}`);
        expect(tally.lost === 0, `no request is lost, not ${tally.lost} of ${tally.sent}`);
        return outcome;
      } finally {
        const orphans = await stage.close();
        expect(orphans.length === 0, `nothing is left over, not ${orphans.join(", ")}`);
      }
    },
  };
}

/** What the newest group's ReplicaSet says of the images that its pods run. */
async function digestsOf({ admin }: Bed, namespace: string): Promise<string> {
  const { items } = await admin.config.makeApiClient(AppsV1Api).listNamespacedReplicaSet({ namespace });
  const newest = items.findLast(({ metadata }) => metadata?.name?.endsWith("-v002"));
  return newest?.metadata?.annotations?.["gennaker.io/digests"] ?? "nothing";
}

/** A release whose pods are processes that answer. */
export function served(image: string, { placement }: Agent): KubernetesRelease {
  const container = {
    name: "app",
    image,
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
  };
  const spec = { ...placement, terminationGracePeriodSeconds: 10, containers: [container] };
  return { template: JSON.parse(JSON.stringify({ metadata: { labels: { app: "shop" } }, spec })) };
}
