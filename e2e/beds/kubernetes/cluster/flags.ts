import { join } from "node:path";
import { etcdUrl } from "./etcd.ts";

/** The ports of one cluster, all of 127.0.0.1. */
export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiserver: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
}

// The defaults (20 and 50 requests a second) would be what a rollout of 200 pods is measured by.
const UNTHROTTLED = ["--kube-api-qps=1000", "--kube-api-burst=2000"];

export function apiserverFlags(folder: string, ports: Ports): string[] {
  const key = join(folder, "service-accounts.key");
  return [
    `--etcd-servers=${etcdUrl(ports.etcd)}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${ports.apiserver}`,
    `--cert-dir=${join(folder, "certificates")}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--endpoint-reconciler-type=none",
    "--authorization-mode=Node,RBAC",
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    "--allow-privileged=true",
    "--profiling=false",
  ];
}

export function controllerManagerFlags(folder: string, port: number, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    "--use-service-account-credentials=true",
    `--service-account-private-key-file=${join(folder, "service-accounts.key")}`,
    `--root-ca-file=${join(folder, "certificates", "apiserver.crt")}`,
    "--leader-elect=false",
    "--profiling=false",
    ...UNTHROTTLED,
  ];
}

export function schedulerFlags(port: number, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    "--leader-elect=false",
    "--profiling=false",
    ...UNTHROTTLED,
  ];
}

/** The label of the nodes that KWOK plays. */
export const KWOK_NODE = "bed.gennaker.dev/kwok";

export function kwokFlags(port: number, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--manage-nodes-with-label-selector=${KWOK_NODE}=true`,
    "--enable-crds=Stage",
    "--node-lease-duration-seconds=40",
    `--server-address=127.0.0.1:${port}`,
    "--cidr=10.0.0.0/16",
  ];
}
