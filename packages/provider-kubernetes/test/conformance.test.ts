// On a server in memory; on a real one: npm run e2e:kubernetes.
import { setTimeout as sleep } from "node:timers/promises";
import { testProvider } from "@gennaker/testkit";
import { describe, test } from "vitest";
import { kubernetes } from "../src/index.ts";
import { release, TRAFFIC, withRoutes } from "./fixtures/bed.ts";
import { FakeApi } from "./fixtures/fake-api.ts";

describe.each(Object.entries(TRAFFIC))("with traffic by %s", (_name, traffic) => {
  testProvider(test, {
    create: async () => {
      const api = withRoutes(new FakeApi());
      const connect = () => kubernetes({ namespace: "prod", api, traffic });
      return {
        provider: connect(),
        cluster: "shop",
        release: release("shop:1"),
        otherRelease: release("shop:2"),
        badRelease: release("shop:bad-image"),
        reconnect: async () => connect(),
        residue: async () =>
          ["replicasets", "pods"].flatMap((plural) => api.all(plural).map(({ metadata }) => metadata.name)),
        dispose: async () => {
          for (const { metadata } of api.all("replicasets")) api.remove("replicasets", metadata.name);
        },
      };
    },
    wait: async (until, what) => {
      for (const end = Date.now() + 10_000; !(await until()); await sleep(2))
        if (Date.now() > end) throw new Error(`still no ${what} after 10 s`);
    },
  });
});
