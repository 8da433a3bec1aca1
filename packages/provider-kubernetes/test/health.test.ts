import { describe, expect, it } from "vitest";
import { countsOf, groupOf } from "../src/observe/group.ts";
import { healthOf } from "../src/observe/pod-health.ts";
import { pod, set, waiting } from "./fixtures/objects.ts";

describe("a pod", () => {
  it("is ready when Kubernetes says so", () => expect(healthOf(pod())).toBe("ready"));

  it("is starting while its containers are made", () =>
    expect(healthOf(waiting("ContainerCreating"))).toBe("starting"));

  it("is starting while it runs and was never ready", () =>
    expect(healthOf(pod({ ready: "False", readySince: "2026-01-01T00:00:01Z" }))).toBe("starting"));

  it("is unhealthy when it was ready before and is not any more", () =>
    expect(healthOf(pod({ ready: "False", readySince: "2026-01-01T01:00:00Z" }))).toBe("unhealthy"));

  it("is unhealthy when its image cannot be pulled", () =>
    expect(healthOf(waiting("ImagePullBackOff"))).toBe("unhealthy"));

  it("is unhealthy when it was started again and is not ready", () =>
    expect(
      healthOf(pod({ ready: "False", readySince: "2026-01-01T00:00:01Z", container: { restartCount: 1 } })),
    ).toBe("unhealthy"));

  it("is unknown when its node does not answer", () =>
    expect(healthOf(pod({ ready: "Unknown" }))).toBe("unknown"));

  it("is no instance any more when it leaves, or has ended", () => {
    expect(healthOf(pod({ leaving: true }))).toBe("gone");
    expect(healthOf(pod({ phase: "Failed" }))).toBe("gone");
    expect(healthOf(pod({ phase: "Succeeded" }))).toBe("gone");
  });
});

describe("a group", () => {
  it("counts its instances by how they are, and those that are still to be made as starting", () => {
    const pods = [pod(), waiting("ImagePullBackOff"), pod({ ready: "Unknown" }), pod({ leaving: true })];
    expect(countsOf(set({ replicas: 5 }), pods)).toEqual({
      healthy: 1,
      starting: 2,
      unhealthy: 1,
      unknown: 1,
    });
  });

  it("counts a pod that has not been ready for minReadySeconds as starting", () => {
    const counts = countsOf(set({ replicas: 2, minReadySeconds: 10, available: 1 }), [pod(), pod()]);
    expect(counts).toMatchObject({ healthy: 1, starting: 1 });
  });

  it("does not believe a ReplicaSet that says more are available than are ready", () => {
    const counts = countsOf(set({ replicas: 2, minReadySeconds: 10, available: 2 }), [pod()]);
    expect(counts).toMatchObject({ healthy: 1, starting: 1 });
  });

  it("tells its key, its number and its release, and leaves out what somebody spoilt", () => {
    const source = { pods: [pod()], share: 50, leaving: false, nodesMayCome: false, events: [] };
    const whole = set({ sequence: 7 });
    expect(groupOf({ ...source, set: whole })).toMatchObject({
      sequence: 7,
      key: "key-7",
      share: 50,
      release: { images: { app: "shop/api:7" } },
    });
    const spoilt = { ...whole, metadata: { ...whole.metadata, annotations: { "gennaker.io/release": "{" } } };
    expect(groupOf({ ...source, set: spoilt })).not.toHaveProperty("release");
  });
});
