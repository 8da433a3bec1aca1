import { describe, expect, it } from "vitest";
import { problemOf, type Symptoms } from "../src/observe/problem.ts";
import { pod, set, waiting, warning } from "./fixtures/objects.ts";

const symptoms = (given: Partial<Symptoms>): Symptoms => ({
  set: set({ replicas: 2 }),
  pods: [],
  leaving: false,
  nodesMayCome: false,
  events: [],
  ...given,
});

const failedCreate = (message: string) => ({
  set: set({
    replicas: 2,
    conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }],
  }),
});

const QUOTA =
  'pods "shop-v002-x2k9f" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3';

const unschedulable = (more = {}) =>
  pod({
    phase: "Pending",
    ready: "False",
    readySince: "2026-01-01T00:00:01Z",
    container: { state: {} },
    conditions: [
      {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: "0/2 nodes are available: 2 Insufficient cpu.",
      },
    ],
    ...more,
  });

const crashing = (restartCount: number) =>
  waiting("CrashLoopBackOff", undefined, {
    restartCount,
    lastState: { terminated: { reason: "Error", exitCode: 137 } },
  });

describe("what is wrong with a group", () => {
  it("is nothing while its pods start", () =>
    expect(problemOf(symptoms({ pods: [waiting("ContainerCreating")] }))).toBeUndefined());

  it("is nothing where no instance is wanted", () =>
    expect(
      problemOf(symptoms({ set: set({ replicas: 0 }), pods: [waiting("ImagePullBackOff")] })),
    ).toBeUndefined());

  it("is an image that cannot be pulled: no use in waiting, and the image is named", () => {
    const ill = waiting("ImagePullBackOff", 'Back-off pulling image "shop/api:9"', { image: "shop/api:9" });
    expect(problemOf(symptoms({ pods: [ill, ill] }))).toEqual({
      message:
        'container app: ImagePullBackOff shop/api:9: Back-off pulling image "shop/api:9", 2 of 2 instances',
      fatal: true,
    });
  });

  it("is worth waiting for after the first failed pull: a registry may hiccup", () =>
    expect(problemOf(symptoms({ pods: [waiting("ErrImagePull")] }))).toMatchObject({ fatal: false }));

  it("is not lost while another instance does well", () =>
    expect(problemOf(symptoms({ pods: [waiting("ImagePullBackOff"), pod()] }))).toMatchObject({
      fatal: false,
    }));

  it("is a crash loop, with how it ended: no use in waiting from the third crash on", () => {
    expect(problemOf(symptoms({ pods: [crashing(1)] }))).toMatchObject({ fatal: false });
    expect(problemOf(symptoms({ pods: [crashing(3)] }))).toEqual({
      message: "container app crashes (Error, exit code 137), 1 of 2 instances",
      fatal: true,
    });
  });

  it("is a quota: no use in waiting, and the names of pods are left out", () =>
    expect(problemOf(symptoms(failedCreate(QUOTA)))).toEqual({
      message:
        "pods cannot be created: pod is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3",
      fatal: true,
    }));

  it("is a quota worth waiting for while other pods leave", () =>
    expect(problemOf(symptoms({ ...failedCreate(QUOTA), leaving: true }))).toMatchObject({ fatal: false }));

  it("is a webhook that does not answer, which may mend", () =>
    expect(
      problemOf(symptoms(failedCreate('failed calling webhook "a": context deadline exceeded'))),
    ).toMatchObject({
      fatal: false,
    }));

  it("is the want of a node: no use in waiting, unless nodes come, pods leave, or it has a place", () => {
    expect(problemOf(symptoms({ pods: [unschedulable()] }))).toEqual({
      message: "no node takes it: 0/2 nodes are available: 2 Insufficient cpu., 1 of 2 instances",
      fatal: true,
    });
    expect(problemOf(symptoms({ pods: [unschedulable()], nodesMayCome: true }))).toMatchObject({
      fatal: false,
    });
    expect(problemOf(symptoms({ pods: [unschedulable()], leaving: true }))).toMatchObject({ fatal: false });
    const preempting = unschedulable();
    const placed = { ...preempting, status: { ...preempting.status, nominatedNodeName: "node-2" } };
    expect(problemOf(symptoms({ pods: [placed] }))).toMatchObject({ fatal: false });
  });

  it("is a node that does not answer", () =>
    expect(problemOf(symptoms({ pods: [pod({ ready: "Unknown" })] }))?.message).toMatch(
      /node node-1 does not answer/,
    ));

  it("is what the newest event says where the pod itself does not say", () => {
    const ill = pod({ name: "shop-v001-a", ready: "False", readySince: "2026-01-01T01:00:00Z" });
    const events = [
      warning("shop-v001-a", "Unhealthy", "Readiness probe failed: connection refused"),
      warning("shop-v001-a", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
      warning("other", "BackOff", "no matter"),
    ];
    expect(problemOf(symptoms({ pods: [ill], events }))?.message).toMatch(
      /statuscode: 503, 1 of 2 instances/,
    );
    expect(problemOf(symptoms({ pods: [ill] }))?.message).toMatch(/not ready any more/);
  });
});
