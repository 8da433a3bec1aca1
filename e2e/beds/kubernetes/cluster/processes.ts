import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiextensionsV1Api, type KubeConfig, type KubernetesObject } from "@kubernetes/client-node";
import { applyAll, objectsBelow } from "../access/objects.ts";
import { makeUser } from "../access/user.ts";
import { type Agent, startAgent } from "../agent/agent.ts";
import { addressing } from "../agent/addressing.ts";
import { startBalancer } from "../balancer/balancer.ts";
import type { Bed, Control } from "../bed.ts";
import { binaries } from "../build/binaries.ts";
import { startFaultProxy } from "../fault-proxy/fault-proxy.ts";
import { Keeper } from "../processes/keeper.ts";
import { until } from "../processes/until.ts";
import { podStages } from "../stages/pod-stages.ts";
import type { StartOptions } from "../start.ts";
import { applyMixed, newNamespace, serverVersion } from "./common.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { compact } from "./etcd.ts";
import { type NodeSpec, nodesOf } from "./nodes.ts";

const NODES: readonly NodeSpec[] = [{ name: "kwok-0" }, { name: "kwok-1" }];

/** A bed of our own processes. */
export async function startProcesses(
  options: StartOptions & { readonly say: (line: string) => void },
): Promise<Bed> {
  const built = await binaries(options.say);
  const folder = await mkdtemp(join(tmpdir(), "gennaker-kubernetes-"));
  // GENNAKER_BED_KEEP leaves data and logs for a look.
  const keeper = new Keeper(process.env["GENNAKER_BED_KEEP"] ? undefined : folder);
  try {
    const [plane, crds, stages] = await Promise.all([
      startControlPlane({ binaries: built, keeper, folder, flags: options.flags ?? {} }),
      objectsBelow(join(built.folder, "crds")),
      objectsBelow(join(built.folder, "stages")),
    ]);
    await furnish(plane, {
      crds: crds.filter(isWanted),
      stages: [...stages, ...podStages()],
      nodes: options.nodes ?? NODES,
    });
    return await bedOf(plane, keeper, folder);
  } catch (error) {
    await keeper.end();
    throw error;
  }
}

// Of Istio, what moves traffic: each kind costs every start of the API server a part of a second.
const ISTIO = new Set(["virtualservices.networking.istio.io", "destinationrules.networking.istio.io"]);

function isWanted({ metadata }: KubernetesObject): boolean {
  const name = metadata?.name ?? "";
  return !name.endsWith(".istio.io") || ISTIO.has(name);
}

interface Furniture {
  readonly crds: readonly KubernetesObject[];
  readonly stages: readonly KubernetesObject[];
  readonly nodes: readonly NodeSpec[];
}

// KWOK looks for Stages when it starts, so their kind must be there before.
async function furnish({ admin, servers }: ControlPlane, { crds, stages, nodes }: Furniture): Promise<void> {
  await applyAll(admin.config, crds);
  await established(admin.config, crds.filter(({ kind }) => kind === "CustomResourceDefinition").length);
  await applyAll(admin.config, stages);
  await servers.kwok.start();
  await nodesOf(admin.config).add(...nodes);
}

async function established(config: KubeConfig, count: number): Promise<void> {
  const api = config.makeApiClient(ApiextensionsV1Api);
  const all = async (): Promise<true | undefined> => {
    const { items } = await api.listCustomResourceDefinition();
    const ready = items.filter(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === "Established" && is === "True"),
    );
    return ready.length >= count || undefined;
  };
  await until(all, { what: "the custom resources are established" });
}

async function bedOf(plane: ControlPlane, keeper: Keeper, folder: string): Promise<Bed> {
  const { admin } = plane;
  const closing: (() => Promise<void>)[] = [];
  const access = join(folder, "access");
  return {
    version: await serverVersion(admin.config),
    admin,
    control: controlOf(plane, keeper, folder, closing),
    whyNoControl: undefined,
    namespace: (prefix) => newNamespace(admin.config, prefix),
    user: (name, namespace, rules) => makeUser(admin.config, access, { name, namespace, rules }),
    apply: (...objects) => applyMixed(admin.config, objects),
    async close() {
      // The youngest first: what follows the cluster before the cluster.
      for (const close of closing.toReversed()) await close();
      await keeper.end();
    },
  };
}

function controlOf(
  { servers, admin, ports, certificate }: ControlPlane,
  keeper: Keeper,
  folder: string,
  closing: (() => Promise<void>)[],
): Control {
  const closedWithBed = <T extends { close(): Promise<void> }>(part: T): T => {
    closing.push(() => part.close());
    return part;
  };
  const addresses = addressing(ports.apiserver);
  let agent: Promise<Agent> | undefined;
  return {
    folder,
    servers,
    nodes: nodesOf(admin.config),
    compact: async () => void (await compact(ports.etcd)),
    faultProxy: async () =>
      closedWithBed(
        await startFaultProxy({ upstream: ports.apiserver, certificate, folder: join(folder, "access") }),
      ),
    agent() {
      agent ??= startAgent({ config: admin.config, keeper, folder, addresses }).then(closedWithBed);
      return agent;
    },
    balancer: async (namespace, front) =>
      closedWithBed(await startBalancer({ config: admin.config, namespace, front })),
  };
}
