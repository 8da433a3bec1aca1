import { CoreV1Api, type KubeConfig, type KubernetesObject, type V1Node } from "@kubernetes/client-node";
import { applyAll } from "../access/objects.ts";
import { until } from "../processes/until.ts";
import { KWOK_NODE } from "./flags.ts";

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
   * Loses a node as when its machine dies: its heartbeats end and it is marked as unknown, at once instead of after the
   * 50 s that the controller would wait. What follows is the real controllers' doing: pods not ready, taints, evictions.
   */
  lose(name: string): Promise<void>;
  /** Gives a lost node back. */
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
      body: [{ op: on ? "add" : "remove", path: `/metadata/labels/${KWOK_NODE.replace("/", "~1")}`, value: "true" }],
    });
  return {
    async add(...nodes) {
      await applyAll(config, nodes.map(node));
      await Promise.all(nodes.map(({ name }) => ready(name)));
    },
    async lose(name) {
      await label(name, false);
      await api.patchNodeStatus({ name, body: [unknown(await api.readNode({ name }))] });
    },
    async recover(name) {
      await label(name, true);
      await ready(name);
    },
  };
}

function isReady({ status }: V1Node): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}

function node({ name, cpu = "1k", memory = "1Ti", pods = "1M" }: NodeSpec): KubernetesObject {
  const offer = { cpu, memory, pods };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { [KWOK_NODE]: "true", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
    ...{ status: { allocatable: offer, capacity: offer } },
  };
}

function unknown(lost: V1Node): object {
  const now = new Date().toISOString();
  const value = lost.status?.conditions?.map((condition) =>
    condition.type === "Ready"
      ? { ...condition, status: "Unknown", reason: "NodeStatusUnknown", lastTransitionTime: now }
      : condition,
  );
  return { op: "replace", path: "/status/conditions", value };
}
