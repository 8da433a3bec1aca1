import type { Bed } from "./bed.ts";
import { whyNoBinaries } from "./build/binaries.ts";
import type { ExtraFlags } from "./cluster/control-plane.ts";
import type { NodeSpec } from "./cluster/nodes.ts";
import { NO_CONTROL, useCluster } from "./cluster/own-cluster.ts";
import { startProcesses } from "./cluster/processes.ts";

/** How to start a bed. */
export interface StartOptions {
  /** The nodes that KWOK plays. @default kwok-0 and kwok-1, endless ones */
  readonly nodes?: readonly NodeSpec[];
  /** Flags for the servers, such as `{ apiserver: ["--watch-cache=false"] }`. */
  readonly flags?: ExtraFlags;
  /** Told what happens, line by line: a cold build takes minutes. @default stderr */
  readonly say?: (line: string) => void;
}

/** Why no bed can be started here; undefined when one can. What needs it is then skipped, with this as the reason. */
export async function whyNoKubernetes(): Promise<string | undefined> {
  return process.env["GENNAKER_KUBECONFIG"] ? undefined : await whyNoBinaries();
}

/** Why no bed with a `control` can be started here; undefined when one can. */
export async function whyNoControl(): Promise<string | undefined> {
  return process.env["GENNAKER_KUBECONFIG"] ? NO_CONTROL : await whyNoBinaries();
}

/**
 * A Kubernetes cluster to test against: a control plane of our own on 127.0.0.1 (built first, if it was not before), or the
 * cluster of `GENNAKER_KUBECONFIG`. Its processes end with `close`, or with this process, however that ends.
 *
 * @throws Error when {@link whyNoKubernetes} has a reason, or with the last words of the server that did not start
 *
 * @example
 * const bed = await startKubernetes();
 * const namespace = await bed.namespace();
 * await bed.close();
 */
export async function startKubernetes(options: StartOptions = {}): Promise<Bed> {
  const own = process.env["GENNAKER_KUBECONFIG"];
  if (own) return await useCluster(own);
  const say = options.say ?? ((line: string): void => void process.stderr.write(`kubernetes bed: ${line}\n`));
  return await startProcesses({ ...options, say });
}
