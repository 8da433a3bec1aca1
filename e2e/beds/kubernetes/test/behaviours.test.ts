import { AppsV1Api, CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BEHAVIOUR, type Bed, DELAY, startKubernetes, until, whyNoControl } from "../index.ts";
import { create, deployment, isReady, pods, podsOf } from "./objects.ts";

const why = await whyNoControl();

function state(pod: V1Pod): string {
  const { waiting, terminated, running } = pod.status?.containerStatuses?.[0]?.state ?? {};
  return waiting?.reason ?? terminated?.reason ?? (running ? "Running" : "none");
}

describe.skipIf(why)(`pods that KWOK plays${why ? ` (skipped: ${why})` : ""}`, () => {
  let bed: Bed;
  let namespace: string;

  beforeAll(async () => {
    bed = await startKubernetes();
    namespace = await bed.namespace();
  });
  afterAll(() => bed.close());

  const run = (image: string, delay?: string): Promise<void> => {
    const [name = ""] = image.split(":");
    const body = deployment(name, image, {}, 1);
    Object.assign(body.spec?.template.metadata ?? {}, { annotations: delay ? { [DELAY]: delay } : {} });
    return create(bed, namespace, body);
  };
  const see = (app: string, what: string, wanted: (pod: V1Pod) => boolean): Promise<V1Pod[]> =>
    pods(bed, namespace, app, what, ([pod]) => pod !== undefined && wanted(pod));
  const reasons = async (pod: V1Pod | undefined): Promise<string[]> => {
    const events = await bed.admin.config.makeApiClient(CoreV1Api).listNamespacedEvent({
      namespace,
      fieldSelector: `involvedObject.uid=${pod?.metadata?.uid ?? ""}`,
    });
    return events.items.map(({ reason }) => reason ?? "");
  };

  test("a slow one runs first and is ready after its delay", async () => {
    await run("slow:1-slow-start", "1s");
    await see("slow", "runs, not ready", (pod) => state(pod) === "Running" && !isReady(pod));
    const [pod] = await see("slow", "is ready", isReady);
    expect(pod?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 0 });
  });

  test("a bad image is waited for in the kubelet's two words, with its event", async () => {
    await run("bad:1-bad-image");
    await see("bad", "cannot pull", (pod) => state(pod) === "ErrImagePull");
    const [pod] = await see("bad", "backs off", (one) => state(one) === "ImagePullBackOff");
    expect(pod?.status?.phase).toBe("Pending");
    await until(async () => (await reasons(pod)).includes("Failed") || undefined, {
      what: "the event is there",
    });
  });

  test("one that is never ready makes its Deployment pass its progress deadline", async () => {
    const body = deployment("never", "never:1-never-ready", {}, 1);
    Object.assign(body.spec ?? {}, { progressDeadlineSeconds: 2 });
    await create(bed, namespace, body);
    await see("never", "runs", (pod) => state(pod) === "Running");
    const api = bed.admin.config.makeApiClient(AppsV1Api);
    await until(
      async () => {
        const { status } = await api.readNamespacedDeployment({ name: "never", namespace });
        return status?.conditions?.some(({ reason }) => reason === "ProgressDeadlineExceeded") || undefined;
      },
      { what: "the deadline passed" },
    );
    expect((await podsOf(bed, namespace, "never")).map(isReady)).toEqual([false]);
  });

  test("a crash loop counts its restarts and backs off", async () => {
    await run("crash:1-crash-loop");
    const [first] = await see("crash", "backs off", (pod) => state(pod) === "CrashLoopBackOff");
    expect(first?.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(1);
    await see(
      "crash",
      "was restarted twice",
      (pod) => (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2,
    );
  });

  test("one that turns bad was ready before", async () => {
    await run("turning:1-ready-then-bad", "1s");
    const [pod] = await see("turning", "is ready", isReady);
    await see("turning", "is not ready any more", (one) => state(one) === "Running" && !isReady(one));
    expect(pod?.status?.phase).toBe("Running");
    await until(async () => (await reasons(pod)).includes("Unhealthy") || undefined, {
      what: "the event is there",
    });
  });

  test("one that is stuck goes only when it is deleted without grace", async () => {
    const api = bed.admin.config.makeApiClient(CoreV1Api);
    const spec = { containers: [{ name: "main", image: "stuck:1" }] };
    const metadata = { labels: { app: "stuck" }, annotations: { [BEHAVIOUR]: "stuck-termination" } };
    const other = { labels: { app: "prompt" } };
    await api.createNamespacedPod({ namespace, body: { metadata: { name: "stuck", ...metadata }, spec } });
    await api.createNamespacedPod({ namespace, body: { metadata: { name: "prompt", ...other }, spec } });
    await see("stuck", "is ready", isReady);
    await see("prompt", "is ready", isReady);
    await api.deleteNamespacedPod({ name: "stuck", namespace });
    await api.deleteNamespacedPod({ name: "prompt", namespace });
    await pods(bed, namespace, "prompt", "is gone", (found) => found.length === 0);
    const [stuck] = await podsOf(bed, namespace, "stuck");
    expect(stuck?.metadata?.deletionTimestamp).toBeDefined();
    await api.deleteNamespacedPod({ name: "stuck", namespace, gracePeriodSeconds: 0 });
    await pods(bed, namespace, "stuck", "is gone", (found) => found.length === 0);
  });
});
