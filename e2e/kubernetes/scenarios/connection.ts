import { setTimeout as sleep } from "node:timers/promises";
import type { FaultProxy } from "../../beds/kubernetes/index.ts";
import { redBlack } from "@gennaker/strategies";
import { expect, type ControlledGround, type Scenario } from "../scenario.ts";
import { release } from "../place.ts";
import { openStage, type Stage } from "../stage.ts";
import { served } from "./candidate.ts";

const SLOW = "shop:2-slow-start";

/** A rollout through a proxy that breaks things; it is to succeed all the same. */
function through(
  name: string,
  breaks: (proxy: FaultProxy, stage: Stage) => Promise<(() => void) | void>,
): Scenario<ControlledGround> {
  return {
    name,
    wanted: "succeeded",
    async run({ bed, control }) {
      const proxy = await control.faultProxy();
      try {
        const { config } = await proxy.through(bed.admin);
        return await served(
          { bed, provider: { config, requestTimeoutMs: 10_000, watchIdleMs: 5000 } },
          async (stage) => {
            const run = await stage.deploy(SLOW, redBlack({ deadline: "2m" }));
            await stage.untilPhase(run, "launch");
            const heal = await breaks(proxy, stage);
            const { outcome, reason } = await stage.end(run);
            heal?.();
            return outcome === "succeeded" ? outcome : `${outcome}: ${reason}`;
          },
        );
      } finally {
        await proxy.close();
      }
    },
  };
}

const changes = ({ verb }: { readonly verb: string }): boolean =>
  ["create", "patch", "delete"].includes(verb);

/** What is wrong between us and the API server. */
export const connectionScenarios: readonly Scenario<ControlledGround>[] = [
  through("all connections are cut, three times", async (proxy) => {
    for (let count = 0; count < 3; count++) {
      proxy.cut();
      await sleep(300);
    }
  }),
  through("watches are cut again and again", async (proxy) => {
    const timer = setInterval(() => proxy.cutWatches(), 500);
    return () => clearInterval(timer);
  }),
  through("watches hang without a word", async (proxy) => {
    const fault = proxy.inject({ only: ({ verb }) => verb === "watch", is: "hang" });
    proxy.cutWatches();
    await sleep(4000);
    fault.heal();
  }),
  through("every second of writes meets a conflict", async (proxy) => {
    proxy.inject({ only: changes, is: 409, times: 15 });
  }),
  through("the API server throttles and says for how long", async (proxy) => {
    proxy.inject({ is: 429, retryAfter: 1, times: 6 });
  }),
  through("the API server throttles writes and does not say for how long", async (proxy) => {
    proxy.inject({ only: changes, is: 429, times: 4 });
  }),
  through("answers to writes are lost", async (proxy) => {
    proxy.inject({ only: changes, is: "lost-answer", times: 4 });
  }),
  through("the API server breaks down while it answers", async (proxy) => {
    proxy.inject({ is: 500, times: 5 });
  }),
  through("writes hang", async (proxy) => {
    const fault = proxy.inject({ only: changes, is: "hang", times: 2 });
    await sleep(5000);
    fault.heal();
  }),
  {
    name: "the answer to the create is lost, and there is one group all the same",
    wanted: "one group",
    async run({ bed, control }) {
      const proxy = await control.faultProxy();
      try {
        const { config } = await proxy.through(bed.admin);
        return await served({ bed, provider: { config } }, async (stage) => {
          proxy.inject({
            only: ({ verb, resource }) => verb === "create" && resource === "replicasets",
            is: "lost-answer",
            times: 2,
          });
          const { outcome } = await stage.end(await stage.deploy("shop:2"));
          const groups = await stage.groups();
          expect(outcome === "succeeded", `it succeeds, not ${outcome}`);
          return groups.length === 2 ? "one group" : groups.map(({ name }) => name).join();
        });
      } finally {
        await proxy.close();
      }
    },
  },
];

/** A rollout during which servers fail; it is to succeed all the same. */
function during(
  name: string,
  breaks: (ground: ControlledGround, stage: Stage) => Promise<void>,
): Scenario<ControlledGround> {
  return {
    name,
    wanted: "succeeded",
    run: (ground) =>
      served({ bed: ground.bed, provider: { requestTimeoutMs: 10_000 } }, async (stage) => {
        const run = await stage.deploy(SLOW, redBlack({ deadline: "5m" }));
        await stage.untilPhase(run, "launch");
        await breaks(ground, stage);
        const { outcome, reason } = await stage.end(run);
        return outcome === "succeeded" ? outcome : `${outcome}: ${reason}`;
      }),
  };
}

/** What is wrong with the servers. */
export const serverScenarios: readonly Scenario<ControlledGround>[] = [
  during("the API server is killed and started again", async ({ control }) => {
    await control.servers.apiserver.end("SIGKILL");
    await sleep(1000);
    await control.servers.apiserver.start();
  }),
  during("etcd is compacted: old versions are gone", async ({ control }) => {
    await control.compact();
    await control.servers.apiserver.end("SIGTERM");
    await control.servers.apiserver.start();
  }),
  during("the controller manager stops for a while", async ({ control }) => {
    await control.servers["controller-manager"].end("SIGKILL");
    await sleep(3000);
    await control.servers["controller-manager"].start();
  }),
  {
    name: "the node of the new version is lost while it soaks",
    wanted: "rolled back",
    async run({ bed, control }) {
      await control.nodes.add({ name: "fragile" });
      const stage = await openStage({
        bed,
        release: (version) => {
          const node = version === "shop:1" ? "kwok-0" : "fragile";
          return release(version, { patch: { spec: { nodeSelector: { "kubernetes.io/hostname": node } } } });
        },
      });
      try {
        await stage.serve("shop:1", 2);
        const run = await stage.deploy("shop:2", redBlack({ deadline: "1m", soak: "60s" }));
        await stage.untilPhase(run, "soak");
        await control.nodes.lose("fragile");
        const end = await stage.end(run);
        const serving = (await stage.groups()).filter(({ share }) => share > 0).map(({ name }) => name);
        expect(serving.join() === "shop-v001", `the old version serves, not ${serving.join()}`);
        return end.rolledBack ? "rolled back" : end.outcome;
      } finally {
        await control.nodes.recover("fragile");
        await stage.close();
      }
    },
  },
];
