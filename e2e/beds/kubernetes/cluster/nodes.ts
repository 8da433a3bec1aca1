import {
  ApiException,
  CoreV1Api,
  type KubeConfig,
  PatchStrategy,
  type V1Node,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { type ApiObject, applyAll } from "../access/objects.ts";
import { until } from "../processes/until.ts";
import { KWOK_NODE } from "./flags.ts";

const STRATEGIC = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);

/** What a node offers, in Kubernetes' own units; practically endless when not said. */
export interface NodeSpec {
  readonly name: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
}

/** The nodes that KWOK plays. */
export interface Nodes {
  /** Adds nodes; resolves when they are ready. */
  add(...nodes: readonly NodeSpec[]): Promise<void>;
  /**
   * Loses a node as when its machine dies: its heartbeats end, it is unknown and its pods are not ready, at once instead of
   * after the 50 s that the controller would wait. What follows is the real controllers' doing: taints, endpoints, and
   * evictions after the pods' tolerations (300 s, if they name none).
   */
  lose(name: string): Promise<void>;
  /** Gives a lost node back, and with it its pods that were ready. */
  recover(name: string): Promise<void>;
}

/** Nodes of a cluster where KWOK runs. */
export function nodesOf(config: KubeConfig): Nodes {
  const api = config.makeApiClient(CoreV1Api);
  const ready = (name: string): Promise<true> =>
    until(async () => isReady(await api.readNode({ name })) || undefined, { what: `node ${name} is ready` });
  const label = (name: string, on: boolean): Promise<V1Node> =>
    api.patchNode({
      name,
      body: [
        {
          op: on ? "add" : "remove",
          path: `/metadata/labels/${KWOK_NODE.replace("/", "~1")}`,
          value: "true",
        },
      ],
    });
  return {
    async add(...nodes) {
      await applyAll(config, nodes.map(node));
      await Promise.all(nodes.map(({ name }) => ready(name)));
    },
    async lose(name) {
      await label(name, false);
      await api.patchNodeStatus({ name, body: [unknown(await api.readNode({ name }))] });
      await sayPodsReady(api, name, false);
    },
    async recover(name) {
      await label(name, true);
      await ready(name);
      await sayPodsReady(api, name, true);
    },
  };
}

function isReady({ status }: V1Node): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}

function node({ name, cpu = "1k", memory = "1Ti", pods = "1M" }: NodeSpec): ApiObject {
  const offer = { cpu, memory, pods };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: { [KWOK_NODE]: "true", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" },
    },
    status: { allocatable: offer, capacity: offer },
  };
}

// The node controller takes readiness away only when it finds out by itself, and only a kubelet gives it back.
async function sayPodsReady(api: CoreV1Api, nodeName: string, ready: boolean): Promise<void> {
  const { items } = await api.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${nodeName}` });
  const running = items.filter(({ status }) =>
    status?.containerStatuses?.every((container) => container.ready),
  );
  const condition = {
    type: "Ready",
    status: ready ? "True" : "False",
    reason: ready ? "" : "NodeNotReady",
    lastTransitionTime: new Date().toISOString(),
  };
  for (const { metadata } of running) {
    const body = { status: { conditions: [condition] } };
    const { name = "", namespace = "" } = metadata ?? {};
    try {
      await api.patchNamespacedPodStatus({ name, namespace, body }, STRATEGIC);
    } catch (error) {
      // It was on its way out, and is gone.
      if (!(error instanceof ApiException) || error.code !== 404) throw error;
    }
  }
}

function unknown(lost: V1Node): object {
  const lastTransitionTime = new Date().toISOString();
  const ready = { type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", lastTransitionTime };
  const others = lost.status?.conditions?.filter(({ type }) => type !== "Ready") ?? [];
  return { op: "replace", path: "/status/conditions", value: [...others, ready] };
}
