import type { KubernetesObject } from "@kubernetes/client-node";

/** Any object as the bed takes it: its type knows only names. */
export function manifest(object: KubernetesObject & Readonly<Record<string, unknown>>): KubernetesObject {
  return object;
}
