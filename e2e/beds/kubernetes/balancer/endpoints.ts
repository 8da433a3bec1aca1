import type { V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import { hostOf } from "../agent/addressing.ts";

/** Where a pod is reached. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The ready endpoints of a Service at one of its ports, in a steady order; its first port when none is named. */
export function readyEndpoints(
  service: V1Service | undefined,
  slices: Iterable<V1EndpointSlice>,
  port?: number | string,
): readonly Address[] {
  const ports = service?.spec?.ports ?? [];
  const asked = port === undefined ? ports[0] : ports.find((one) => one.port === port || one.name === port);
  if (!service || !asked) return [];
  const own = [...slices].filter(
    ({ metadata }) => metadata?.labels?.["kubernetes.io/service-name"] === service.metadata?.name,
  );
  const found = own.flatMap(({ endpoints, ports: slicePorts }) => {
    const at = slicePorts?.find(({ name }) => (name ?? "") === (asked.name ?? ""))?.port;
    if (at === undefined) return [];
    return (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.map((address) => ({ host: hostOf(address), port: at })));
  });
  return found.toSorted((a, b) => a.host.localeCompare(b.host));
}
