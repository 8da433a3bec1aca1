import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The consumer modules: one for each product, so that Go cannot mix their dependency graphs. */
export const MODULES: string = join(import.meta.dirname, "..", "go");

const LOCKED = ["kube", "etcd", "kwok", "crds"].flatMap((name) => [`${name}/go.mod`, `${name}/go.sum`]);

/** The version of Kubernetes that the consumer module asks for: `v1.36.3`. */
export function kubernetesVersion(): string {
  const mod = readFileSync(join(MODULES, "kube", "go.mod"), "utf8");
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(mod)?.[1];
  if (!version) throw new Error("go/kube/go.mod does not require k8s.io/kubernetes");
  return version;
}

// Unset, the server would call itself v0.0.0-master.
function stamp(version: string): string {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  return ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]
    .flatMap((at) => [
      `-X ${at}.gitVersion=${version}`,
      `-X ${at}.gitMajor=${major}`,
      `-X ${at}.gitMinor=${minor}`,
      `-X ${at}.gitTreeState=clean`,
    ])
    .join(" ");
}

/** One program: the module that it is built in, and what Go is asked for there. */
export interface Program {
  readonly name: string;
  readonly args: readonly string[];
}

/** The three programs. The servers of the control plane are one, which is linked once instead of three times. */
export function programs(): readonly Program[] {
  return [
    { name: "etcd", args: ["go.etcd.io/etcd/server/v3"] },
    {
      name: "kube",
      // The tags of Kubernetes' own releases.
      args: ["-tags", "selinux,notest,grpcnotrace", "-ldflags", `-s -w ${stamp(kubernetesVersion())}`, "."],
    },
    { name: "kwok", args: ["sigs.k8s.io/kwok/cmd/kwok"] },
  ];
}

/** Files that modules carry and the bed installs: from which consumer module, which module, which file. */
export const CARRIED: readonly { in: string; module: string; from: string; to: string }[] = [
  { in: "crds", module: "sigs.k8s.io/gateway-api", from: "config/crd/standard", to: "crds/gateway-api" },
  {
    in: "crds",
    module: "istio.io/api",
    from: "kubernetes/customresourcedefinitions.gen.yaml",
    to: "crds/istio.yaml",
  },
  {
    in: "kwok",
    module: "sigs.k8s.io/kwok",
    from: "kustomize/crd/bases/kwok.x-k8s.io_stages.yaml",
    to: "crds/kwok-stages.yaml",
  },
  {
    in: "kwok",
    module: "sigs.k8s.io/kwok",
    from: "kustomize/stage/node/fast/node-initialize.yaml",
    to: "stages/node-initialize.yaml",
  },
  {
    in: "kwok",
    module: "sigs.k8s.io/kwok",
    from: "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    to: "stages/node-heartbeat-with-lease.yaml",
  },
];

/** Changes with everything that what is built depends on, Go's own version apart. */
export function fingerprint(): string {
  const hash = createHash("sha256").update(JSON.stringify([programs(), CARRIED]));
  for (const file of [...LOCKED, "kube/main.go"]) hash.update(file).update(readFileSync(join(MODULES, file)));
  return hash.digest("hex").slice(0, 12);
}
