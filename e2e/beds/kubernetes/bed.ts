import type { V1PolicyRule } from "@kubernetes/client-node";
import type { Access } from "./access/access.ts";
import type { ApiObject } from "./access/objects.ts";
import type { User } from "./access/user.ts";
import type { Agent } from "./agent/agent.ts";
import type { Balancer, Front } from "./balancer/balancer.ts";
import type { ServerName } from "./cluster/control-plane.ts";
import type { Nodes } from "./cluster/nodes.ts";
import type { FaultProxy } from "./fault-proxy/fault-proxy.ts";
import type { Server } from "./processes/server.ts";

/** A cluster to test against. */
export interface Bed {
  /** What the API server says it is: `v1.36.3`. */
  readonly version: string;
  /** As administrator. */
  readonly admin: Access;
  /** Our power over the cluster's processes; undefined in a user's own cluster. */
  readonly control: Control | undefined;
  /** Why there is no `control`, for the message of what is skipped. */
  readonly whyNoControl: string | undefined;
  /** A new namespace with a name of its own, in which pods can start. It goes with the bed. */
  namespace(prefix?: string): Promise<string>;
  /** Somebody who may do only this, there. */
  user(name: string, namespace: string, rules: readonly V1PolicyRule[]): Promise<User>;
  /** Creates or changes objects: objects, or YAML. */
  apply(...objects: readonly (ApiObject | string)[]): Promise<void>;
  /** Ends everything that the bed started, and removes what it made. */
  close(): Promise<void>;
}

/** What only a cluster of our own processes can do. */
export interface Control {
  /** The folder with data, kubeconfigs and `logs`. */
  readonly folder: string;
  readonly servers: Readonly<Record<ServerName, Server>>;
  /** Starts with `kwok-0` and `kwok-1`, endless ones. */
  readonly nodes: Nodes;
  /**
   * Compacts etcd's history. The API server remembers the last minutes by itself: after a restart of it as well, older
   * resource versions are 410 Gone.
   */
  compact(): Promise<void>;
  /** A new proxy before the API server, which breaks what it is told to break. */
  faultProxy(): Promise<FaultProxy>;
  /** The node whose pods are real processes; started by the first call. */
  agent(): Promise<Agent>;
  /** A load balancer that does what the object says: a Service, HTTPRoute, VirtualService or Ingress. */
  balancer(namespace: string, front: Front): Promise<Balancer>;
}
