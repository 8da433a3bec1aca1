import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, type KubeConfig, type V1Pod, type V1PodSpec } from "@kubernetes/client-node";
import { applyAll } from "../access/objects.ts";
import { type Objects, follow } from "../cluster/follow.ts";
import type { Keeper } from "../processes/keeper.ts";
import { until } from "../processes/until.ts";
import type { Addressing } from "./addressing.ts";
import { PodRun } from "./pod-run.ts";

const NODE = "agent-0";
const MARK = "bed.gennaker.dev/agent";
const RENEW_MS = 10_000;
const LEASE_SECONDS = 40;

/** A node whose pods are processes of this machine. */
export interface Agent {
  /** Its name. */
  readonly node: string;
  /** What a pod's spec needs to run here; no other pods come here. */
  readonly placement: Pick<V1PodSpec, "nodeSelector" | "tolerations">;
  /** How many pods have processes now. */
  readonly running: number;
  close(): Promise<void>;
}

/** What an agent is started from. */
export interface AgentOptions {
  readonly config: KubeConfig;
  readonly keeper: Keeper;
  readonly folder: string;
  readonly addresses: Addressing;
}

/** Starts the agent: a kubelet of ours, without containers. Resolves when its node is ready. */
export async function startAgent({ config, keeper, folder, addresses }: AgentOptions): Promise<Agent> {
  const runs = new Map<string, PodRun>();
  const stop = new AbortController();
  await register(config);
  void keepAlive(config, stop.signal);
  const pods = follow<V1Pod>(
    config,
    "/api/v1/pods",
    (seen) =>
      reconcile(seen, runs, (pod) => new PodRun(pod, { config, keeper, folder, address: addresses.next() })),
    { fieldSelector: `spec.nodeName=${NODE}` },
  );
  await pods.synced;
  return {
    node: NODE,
    placement: {
      nodeSelector: { [MARK]: "true" },
      tolerations: [{ key: MARK, operator: "Exists", effect: "NoSchedule" }],
    },
    get running() {
      return runs.size;
    },
    async close() {
      stop.abort();
      pods.close();
      await Promise.all([...runs.values()].map((run) => run.kill()));
    },
  };
}

function reconcile(seen: Objects<V1Pod>, runs: Map<string, PodRun>, begin: (pod: V1Pod) => PodRun): void {
  for (const [uid, pod] of seen) {
    const deleted = pod.metadata?.deletionTimestamp !== undefined;
    if (!runs.has(uid)) runs.set(uid, begin(pod));
    if (deleted) void runs.get(uid)?.end(pod.metadata?.deletionGracePeriodSeconds ?? 30);
  }
  for (const [uid, run] of runs) {
    if (seen.has(uid)) continue;
    runs.delete(uid);
    void run.kill();
  }
}

async function register(config: KubeConfig): Promise<void> {
  const offer = { cpu: "1k", memory: "1Ti", pods: "1k" };
  const metadata = { name: NODE, labels: { [MARK]: "true", "kubernetes.io/hostname": NODE } };
  const spec = { taints: [{ key: MARK, value: "true", effect: "NoSchedule" }] };
  await applyAll(config, [{ apiVersion: "v1", kind: "Node", metadata, spec }]);
  const api = config.makeApiClient(CoreV1Api);
  const now = new Date();
  const conditions = [
    {
      type: "Ready",
      status: "True",
      reason: "KubeletReady",
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    },
  ];
  const value = { conditions, allocatable: offer, capacity: offer };
  await api.patchNodeStatus({ name: NODE, body: [{ op: "replace", path: "/status", value }] });
  await renew(config);
  // The controller takes the taint of a new node away once it has seen that it is ready.
  const welcome = async (): Promise<true | undefined> => {
    const found = await api.readNode({ name: NODE });
    return found.spec?.taints?.every(({ key }) => key === MARK) || undefined;
  };
  await until(welcome, { what: `node ${NODE} takes pods` });
}

async function keepAlive(config: KubeConfig, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await renew(config).catch(() => {});
    await sleep(RENEW_MS, undefined, { signal: stop, ref: false }).catch(() => {});
  }
}

function renew(config: KubeConfig): Promise<void> {
  const renewTime = new Date().toISOString().replace("Z", "000Z");
  const spec = { holderIdentity: NODE, leaseDurationSeconds: LEASE_SECONDS, renewTime };
  const metadata = { name: NODE, namespace: "kube-node-lease" };
  return applyAll(config, [{ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec }]);
}
