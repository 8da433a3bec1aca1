import { AppsV1Api } from "@kubernetes/client-node";
import { redBlack } from "@gennaker/strategies";
import { type Agent, until } from "../../beds/kubernetes/index.ts";
import { startLoad } from "../../beds/load.ts";
import type { Losses } from "../matrix.ts";
import { served } from "../matrix.ts";
import { type ControlledGround, expect, type Scenario } from "../scenario.ts";
import { manifest } from "../manifest.ts";
import { openStage } from "../stage.ts";

/** A Deployment and its Service are taken over under load, and then replaced. */
export function adoption(agent: Agent, losses: Losses): Scenario<ControlledGround> {
  return {
    name: "a running Deployment and its Service are taken over under load, and replaced",
    wanted: "no request lost",
    async run({ bed, control }) {
      const stage = await openStage({ bed, release: (image) => served(image, agent) });
      const { namespace, cluster: name } = stage.place;
      try {
        const { template } = served("shop:0", agent) as { template: object };
        const spec = { replicas: 2, selector: { matchLabels: { app: "shop" } }, template };
        await bed.apply(
          manifest({
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: {
              name,
              namespace,
            },
            spec,
          }),
        );
        const balancer = await control.balancer(namespace, { kind: "Service", name });
        await until(() => balancer.shares[0]?.endpoints.length === 2 || undefined, { what: "two endpoints" });
        const load = startLoad({ url: balancer.url, connections: 2, pauseMs: 10 });
        await until(() => (load.tally.versions["0"] ?? 0) > 20 || undefined, {
          what: "answers of version 0",
        });

        const early = await stage.end(await stage.deploy("shop:1", redBlack({ size: 2, deadline: "1m" })));
        expect(/adopt\(\)/.test(early.reason), `a deploy before that is refused: ${early.reason}`);
        const adopted = await stage.provider.adopt(stage.cluster, { deployment: name });
        expect(adopted.groups.length === 1, `one group is taken over, not ${adopted.groups.join()}`);
        const again = await stage.provider.adopt(stage.cluster, { deployment: name });
        expect(again.serving === adopted.serving, "saying it again changes nothing");
        const [group] = await stage.groups();
        expect(group?.share === 100 && group.healthy === 2, `it serves: ${JSON.stringify(group)}`);
        const left = await bed.admin.config.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace });
        expect(left.items.length === 0, "the Deployment is gone");

        const { outcome, reason } = await stage.end(
          await stage.deploy("shop:1", redBlack({ deadline: "1m" })),
        );
        expect(outcome === "succeeded", `the next version is deployed, not ${outcome}: ${reason}`);
        await until(() => (load.tally.versions["1"] ?? 0) > 20 || undefined, {
          what: "answers of version 1",
        });
        const tally = await load.stop();
        await balancer.close();
        losses.requests += tally.sent;
        losses.lost += tally.lost;
        return tally.lost === 0 ? "no request lost" : `${tally.lost} lost: ${JSON.stringify(tally.reasons)}`;
      } finally {
        await stage.close();
      }
    },
  };
}
