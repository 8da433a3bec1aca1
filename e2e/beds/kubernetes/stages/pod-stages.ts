import type { KubernetesObject } from "@kubernetes/client-node";
import { type Behaviour, CHOSEN, DELAY, STOP_AFTER } from "./behaviour.ts";
import { CRASHED, RUNNING, podStatus, waiting } from "./status.ts";

interface Expression {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values?: readonly string[];
}

interface Next {
  readonly statusTemplate?: string;
  readonly delete?: boolean;
  readonly event?: { readonly type: "Normal" | "Warning"; readonly reason: string; readonly message: string };
}

interface Delay {
  readonly durationMilliseconds: number;
  readonly durationFrom?: { readonly expressionFrom: string };
}

interface Step {
  readonly name: string;
  readonly when: readonly Expression[];
  readonly delay?: Delay;
  readonly next: Next;
}

const alive: Expression = { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" };
const readyIs = (operator: "In" | "NotIn"): Expression => ({
  key: '.status.conditions[]? | select(.type == "Ready") | .status',
  operator,
  values: ["True"],
});
const phase = (value: string): Expression => ({ key: ".status.phase", operator: "In", values: [value] });
const behaves = (...values: Behaviour[]): Expression => ({ key: CHOSEN, operator: "In", values });
const waitsFor = (reason: string): Expression => ({
  key: ".status.containerStatuses[0].state.waiting.reason",
  operator: "In",
  values: [reason],
});
const untouched: Expression = { key: ".status.containerStatuses[0].name", operator: "DoesNotExist" };
const runs: Expression = { key: ".status.containerStatuses[0].state.running.startedAt", operator: "Exists" };
const crashed: Expression = {
  key: ".status.containerStatuses[0].state.terminated.exitCode",
  operator: "Exists",
};
const asAnnotated = (annotation: string, otherwise: number): Delay => ({
  durationMilliseconds: otherwise,
  durationFrom: { expressionFrom: `.metadata.annotations["${annotation}"]` },
});

const STARTED = podStatus("Running", { ready: false, state: RUNNING });
const READY = podStatus("Running", { ready: true, state: RUNNING });
const PULL_FAILED = waiting("ErrImagePull", "failed to pull and unpack image: not found");
const PULL_LATER = waiting("ImagePullBackOff", "Back-off pulling image");
const RESTART_LATER = waiting("CrashLoopBackOff", "back-off restarting failed container");

const STEPS: readonly Step[] = [
  {
    name: "ready-at-once",
    when: [alive, behaves("fast", "ready-then-bad", "stuck-termination"), phase("Pending")],
    next: { statusTemplate: READY },
  },
  {
    name: "runs",
    when: [alive, behaves("slow-start", "never-ready", "crash-loop"), phase("Pending")],
    next: { statusTemplate: STARTED },
  },
  {
    name: "slow-start",
    when: [alive, behaves("slow-start"), phase("Running"), readyIs("NotIn")],
    delay: asAnnotated(DELAY, 3000),
    next: { statusTemplate: READY },
  },
  {
    name: "ready-then-bad",
    when: [alive, behaves("ready-then-bad"), phase("Running"), readyIs("In")],
    delay: asAnnotated(DELAY, 3000),
    next: {
      statusTemplate: STARTED,
      event: {
        type: "Warning",
        reason: "Unhealthy",
        message: "Readiness probe failed: HTTP probe failed with statuscode: 503",
      },
    },
  },
  {
    name: "bad-image",
    when: [alive, behaves("bad-image"), phase("Pending"), untouched],
    next: {
      statusTemplate: podStatus("Pending", { ready: false, state: PULL_FAILED }),
      event: { type: "Warning", reason: "Failed", message: "Failed to pull image: not found" },
    },
  },
  {
    name: "bad-image-waits",
    when: [alive, behaves("bad-image"), waitsFor("ErrImagePull")],
    delay: { durationMilliseconds: 1000 },
    next: {
      statusTemplate: podStatus("Pending", { ready: false, state: PULL_LATER }),
      event: { type: "Normal", reason: "BackOff", message: "Back-off pulling image" },
    },
  },
  {
    name: "bad-image-again",
    when: [alive, behaves("bad-image"), waitsFor("ImagePullBackOff")],
    delay: { durationMilliseconds: 10_000 },
    next: { statusTemplate: podStatus("Pending", { ready: false, state: PULL_FAILED }) },
  },
  {
    name: "crash",
    when: [alive, behaves("crash-loop"), phase("Running"), runs],
    delay: { durationMilliseconds: 300 },
    next: { statusTemplate: podStatus("Running", { ready: false, state: CRASHED }) },
  },
  {
    name: "crash-waits",
    when: [alive, behaves("crash-loop"), crashed],
    delay: { durationMilliseconds: 300 },
    next: {
      statusTemplate: podStatus("Running", { ready: false, state: RESTART_LATER, lastState: CRASHED }),
      event: { type: "Warning", reason: "BackOff", message: "Back-off restarting failed container" },
    },
  },
  {
    name: "crash-again",
    when: [alive, behaves("crash-loop"), waitsFor("CrashLoopBackOff")],
    delay: { durationMilliseconds: 2000 },
    next: {
      statusTemplate: podStatus("Running", {
        ready: false,
        state: RUNNING,
        lastState: CRASHED,
        restarts: "one more",
      }),
    },
  },
  {
    name: "ends",
    when: [
      { key: ".metadata.deletionTimestamp", operator: "Exists" },
      { key: ".metadata.finalizers", operator: "DoesNotExist" },
      { key: CHOSEN, operator: "NotIn", values: ["stuck-termination"] },
    ],
    delay: asAnnotated(STOP_AFTER, 0),
    next: { delete: true },
  },
];

/** What KWOK does with the pods of its nodes: Stage objects, which a test may change or delete while it runs. */
export function podStages(): KubernetesObject[] {
  return STEPS.map(({ name, when, delay, next }) => ({
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name: `pod-${name}` },
    spec: {
      resourceRef: { apiGroup: "v1", kind: "Pod" },
      selector: { matchExpressions: when },
      ...(delay ? { delay } : {}),
      next,
    },
  }));
}
