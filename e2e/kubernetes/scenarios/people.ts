import { AppsV1Api, CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { redBlack } from "@gennaker/strategies";
import { ProviderError } from "@gennaker/core/ports";
import { until } from "../../beds/kubernetes/index.ts";
import { expect, type Scenario } from "../scenario.ts";
import { manifest } from "../manifest.ts";
import { openStage } from "../stage.ts";
import { openPlace, release } from "../place.ts";
import { asBefore, served } from "./candidate.ts";

const MERGE = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

/** What other people do meanwhile. */
export const peopleScenarios: readonly Scenario[] = [
  {
    name: "somebody deletes the candidate",
    wanted: "rolled back",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        const run = await stage.deploy("shop:2", redBlack({ deadline: "1m", soak: "60s" }));
        await stage.untilPhase(run, "soak");
        const { namespace } = stage.place;
        await bed.admin.config
          .makeApiClient(AppsV1Api)
          .deleteNamespacedReplicaSet({ namespace, name: "shop-v002" });
        const end = await stage.end(run);
        await asBefore(stage);
        return end.rolledBack ? "rolled back" : end.outcome;
      }),
  },
  {
    name: "somebody moves the traffic by hand during the soak",
    wanted: "seen, and put right: succeeded",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        const run = await stage.deploy("shop:2", redBlack({ deadline: "1m", soak: "5s" }));
        await stage.untilPhase(run, "soak");
        const core = bed.admin.config.makeApiClient(CoreV1Api);
        const body = { spec: { selector: { "gennaker.io/group": "shop-v001" } } };
        const { namespace, cluster } = stage.place;
        await core.patchNamespacedService({ namespace, name: cluster, body }, MERGE);
        let seen = false;
        for await (const event of run.events()) seen ||= event.type === "rollout-phase-lost";
        const { outcome } = await stage.end(run);
        const serving = (await stage.groups()).find(({ share }) => share > 0);
        return seen && serving?.name === "shop-v002"
          ? `seen, and put right: ${outcome}`
          : `${outcome}, ${serving?.name} serves`;
      }),
  },
  {
    name: "a PodDisruptionBudget allows no disruption at all",
    wanted: "succeeded, and the old version is down to 0",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        const { namespace, cluster } = stage.place;
        const selector = { matchLabels: { "gennaker.io/cluster": cluster } };
        await bed.apply(
          manifest({
            apiVersion: "policy/v1",
            kind: "PodDisruptionBudget",
            metadata: { name: cluster, namespace },
            spec: { maxUnavailable: 0, selector },
          }),
        );
        const { outcome } = await stage.end(await stage.deploy("shop:2"));
        const pods = await bed.admin.config.makeApiClient(CoreV1Api).listNamespacedPod({
          namespace,
          labelSelector: "gennaker.io/group=shop-v001",
        });
        const left = pods.items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined).length;
        return `${outcome}, and the old version is down to ${left}`;
      }),
  },
  {
    name: "traffic that changed since it was looked at is not overwritten",
    wanted: "conflict",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        const { provider, cluster, place } = stage;
        const { group } = await (async () => {
          const token = {
            run: "people",
            epoch: await provider.claim(cluster, { run: "people" }),
            command: "1",
          };
          return provider.createGroup(cluster, { key: "k", release: release("shop:2"), size: 0 }, token);
        })();
        await provider.observe(cluster);
        const core = bed.admin.config.makeApiClient(CoreV1Api);
        const body = { spec: { selector: { "gennaker.io/group": "nobody" } } };
        await core.patchNamespacedService({ namespace: place.namespace, name: place.cluster, body }, MERGE);
        const token = {
          run: "people",
          epoch: await provider.claim(cluster, { run: "people" }),
          command: "2",
        };
        try {
          await provider.setTraffic(cluster, { shares: { [group]: 100 } }, token);
          return "overwritten";
        } catch (error) {
          return error instanceof ProviderError ? error.kind : String(error);
        }
      }),
  },
  {
    name: "the Role is too small",
    wanted: "refused before anything is changed, with the missing Role",
    async run({ bed }) {
      const place = await openPlace(bed, "serviceSelector");
      const user = await bed.user("small", place.namespace, [
        { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["pods", "services", "configmaps"], verbs: ["get", "list", "watch"] },
      ]);
      const stage = await openStage({ bed, place, provider: { config: user.config } });
      try {
        const end = await stage.end(await stage.deploy("shop:1", redBlack({ size: 1, deadline: "1m" })));
        expect(
          /may not: create replicasets\.apps/.test(end.reason),
          `the permission is named: ${end.reason}`,
        );
        expect(/kind: Role/.test(end.reason), "the Role is printed");
        expect((await stage.groups()).length === 0, "nothing was made");
        return "refused before anything is changed, with the missing Role";
      } finally {
        await stage.close();
      }
    },
  },
  {
    name: "the Role that role() prints is enough, and loses nothing that is needed",
    wanted: "succeeded",
    async run({ bed }) {
      const place = await openPlace(bed, "serviceSelector");
      const { role } = place.provider().role(place.provider().cluster(place.cluster));
      const rules = role.rules.map((rule) => JSON.parse(JSON.stringify(rule)));
      const user = await bed.user("exact", place.namespace, rules);
      const stage = await openStage({ bed, place, provider: { config: user.config } });
      try {
        await stage.serve("shop:1", 1);
        return (await stage.end(await stage.deploy("shop:2"))).outcome;
      } finally {
        await stage.close();
      }
    },
  },
  {
    name: "an autoscaler follows the traffic",
    wanted: "it scales shop-v002",
    async run({ bed }) {
      const place = await openPlace(bed, "serviceSelector");
      await bed.apply(
        manifest({
          apiVersion: "autoscaling/v2",
          kind: "HorizontalPodAutoscaler",
          metadata: {
            name: "shop",
            namespace: place.namespace,
          },
          spec: {
            minReplicas: 1,
            maxReplicas: 5,
            scaleTargetRef: {
              apiVersion: "apps/v1",
              kind: "Deployment",
              name: "none",
            },
            metrics: [
              {
                type: "Resource",
                resource: {
                  name: "cpu",
                  target: {
                    type: "Utilization",
                    averageUtilization: 80,
                  },
                },
              },
            ],
          },
        }),
      );
      return served(
        { bed, place, provider: { clusters: { shop: { autoscaler: "shop" } } } },
        async (stage) => {
          await stage.end(await stage.deploy("shop:2"));
          const { AutoscalingV2Api } = await import("@kubernetes/client-node");
          const hpa = await bed.admin.config
            .makeApiClient(AutoscalingV2Api)
            .readNamespacedHorizontalPodAutoscaler({ namespace: place.namespace, name: "shop" });
          return `it scales ${hpa.spec?.scaleTargetRef.name}`;
        },
      );
    },
  },
  {
    name: "settings of a group are its own, and go with it",
    wanted: "each group kept its own",
    async run({ bed }) {
      const stage = await openStage({
        bed,
        release: (version) =>
          release(version, {
            patch: {
              spec: { containers: [{ name: "app", envFrom: [{ configMapRef: { name: "settings" } }] }] },
            },
            versioned: { configMaps: ["settings"] },
          }),
      });
      const core = bed.admin.config.makeApiClient(CoreV1Api);
      const { namespace } = stage.place;
      const say = (greeting: string): Promise<void> =>
        bed.apply(
          manifest({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: {
              name: "settings",
              namespace,
            },
            data: { greeting },
          }),
        );
      const greetingOf = async (group: string): Promise<string | undefined> =>
        (await core.readNamespacedConfigMap({ namespace, name: `${group}-settings` })).data?.["greeting"];
      try {
        await say("hello");
        await stage.serve("shop:1", 1);
        await say("good day");
        expect((await stage.end(await stage.deploy("shop:2"))).outcome === "succeeded", "it succeeds");
        expect((await greetingOf("shop-v001")) === "hello", "the old group has its old settings");
        expect((await greetingOf("shop-v002")) === "good day", "the new group has the new ones");
        const token = {
          run: "x",
          epoch: await stage.provider.claim(stage.cluster, { run: "x" }),
          command: "1",
        };
        await stage.provider.destroyGroup(stage.cluster, { group: "shop-v001" }, token);
        await until(
          async () => ((await greetingOf("shop-v001").catch(() => "gone")) === "gone" ? true : undefined),
          {
            what: "its settings are gone with it",
          },
        );
        return "each group kept its own";
      } finally {
        await stage.close();
      }
    },
  },
];

/** The same, with pods that are played. */
export const playedPeopleScenarios: readonly Scenario[] = [
  {
    name: "somebody scales the stable group down to one, and then the new version falls ill",
    wanted: "rolled back, to the old size",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        const run = await stage.deploy("shop:2-ready-then-bad", redBlack({ deadline: "1m", soak: "30s" }));
        await stage.untilPhase(run, "soak");
        const apps = bed.admin.config.makeApiClient(AppsV1Api);
        const stable = { namespace: stage.place.namespace, name: "shop-v001" };
        await apps.patchNamespacedReplicaSetScale({ ...stable, body: { spec: { replicas: 1 } } }, MERGE);
        const end = await stage.end(run);
        await asBefore(stage);
        return end.rolledBack ? "rolled back, to the old size" : end.outcome;
      }),
  },
  {
    name: "a permission is taken away in the middle",
    wanted: "rolled back, and the permission is named",
    async run({ bed }) {
      const place = await openPlace(bed, "serviceSelector");
      const { role } = place.provider().role(place.provider().cluster(place.cluster));
      const rules = role.rules.map((rule) => JSON.parse(JSON.stringify(rule)));
      const user = await bed.user("shrinking", place.namespace, rules);
      const stage = await openStage({ bed, place, provider: { config: user.config } });
      try {
        await stage.serve("shop:1", 1);
        const run = await stage.deploy("shop:2-slow-start");
        await stage.untilPhase(run, "launch");
        const less = rules.map((rule) =>
          rule.resources.includes("services") ? { ...rule, verbs: ["get", "list", "watch"] } : rule,
        );
        await user.allow(less);
        const end = await stage.end(run);
        expect(/cannot patch resource "services"/.test(end.reason), `it is named: ${end.reason}`);
        return end.rolledBack ? "rolled back, and the permission is named" : end.outcome;
      } finally {
        await stage.close();
      }
    },
  },
];
