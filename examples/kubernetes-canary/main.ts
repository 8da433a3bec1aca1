// A canary on your own Kubernetes, with a Gateway API route:
//
//   kubectl -n shop apply -f examples/kubernetes-canary/route.yaml
//   node --conditions=@gennaker/source examples/kubernetes-canary/main.ts shop shop-api registry.example/shop/api:1.4.2
//
// Kill it at any time and start it again: it goes on. It says what it would do and stops with --plan.
import { createDelivery, deploy, dryRunText } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { gatewayRoute, kubernetes, type KubernetesRelease } from "@gennaker/provider-kubernetes";
import { canary } from "@gennaker/strategies";

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const [namespace = "default", name = "shop-api", image = "registry.example/shop/api:1.4.2"] = words;

const provider = kubernetes({ namespace, traffic: gatewayRoute({ port: 80, targetPort: 8080 }) });
const cluster = provider.cluster(name);
const container = {
  name: "app",
  image,
  ports: [{ containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/healthz", port: 8080 } },
};
const release: KubernetesRelease = {
  template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
  minReadySeconds: 5,
};
const strategy = canary({ steps: [5, { weight: 25, hold: "2m" }, { weight: 50, hold: "2m" }], soak: "5m" });
const delivery = createDelivery({
  engine: sqlite("deploys.db"),
  providers: [provider],
  strategies: [canary],
});

if (process.argv.includes("--plan")) {
  console.log(dryRunText(await delivery.plan(deploy, { cluster, release, strategy })));
} else {
  // The same image again is the same run: after a crash it goes on instead of beginning anew.
  const run = await delivery.deploy(
    { cluster, release, strategy },
    { idempotencyKey: `${namespace}/${name} ${image}` },
  );
  for await (const event of run.events()) {
    if (event.type === "rollout-phase-started") console.log(event.phase);
    if (event.type === "traffic-shifted") console.log("  traffic", event.shares);
    if (event.type === "rollout-turned-back") console.log(`  turned back: ${event.reason}`);
    if (event.type === "stage-failed") console.log(`  failed: ${event.error.message}`);
  }
  console.log(await run.outcome());
}
await delivery.close();
await provider.close();
