import { SERVICES } from "../api/resource.ts";
import { GROUP, NOBODY, SERVING } from "../marks.ts";
import type { KubernetesObject, ReplicaSet } from "../objects/objects.ts";
import {
  type Route,
  type RouteChange,
  routeIn,
  routeKey,
  type Traffic,
  type TrafficView,
} from "./traffic.ts";

/** How a Service gives traffic to groups. */
export interface ServiceSelectorOptions {
  /** Name of the Service, which you make. Default: the cluster's name. */
  readonly service?: string;
  /**
   * `"switch"`, all to one group, in one write; `"proportional"`, several groups at once, by their healthy pods, with one
   * write for each pod that joins or leaves. Default `"switch"`.
   */
  readonly mode?: "switch" | "proportional";
}

type Service = KubernetesObject & {
  readonly spec?: { readonly selector?: Readonly<Record<string, string>> };
};

/**
 * Traffic by the selector of one Service. Only pods that are ready get any: a Service has no other endpoints.
 *
 * @example kubernetes({ namespace: "shop", traffic: serviceSelector() })
 */
export function serviceSelector({ service, mode = "switch" }: ServiceSelectorOptions = {}): Traffic {
  const route = (cluster: string): Route => ({ resource: SERVICES, name: service ?? cluster });
  const shared = { kind: "serviceSelector", mode, routes: (cluster: string) => [route(cluster)] };
  return mode === "switch" ? { ...shared, ...switching(route) } : { ...shared, ...byPods(route) };
}

type Way = Pick<Traffic, "labelsPods" | "read" | "write" | "problems" | "shield">;

function switching(route: (cluster: string) => Route): Way {
  return {
    read: (view) => {
      const group = selectorOf(view, route)[GROUP];
      return group === undefined || group === NOBODY ? {} : { [group]: 100 };
    },
    write: (view, shares) => {
      const named = Object.keys(shares).filter((group) => (shares[group] ?? 0) > 0);
      if (named.length > 1) return { problems: ["a Service's selector gives all traffic to one group"] };
      return { changes: [pin(view, route, { [GROUP]: named[0] ?? NOBODY })] };
    },
    problems: (view) => looseProblems(view, route, GROUP),
    shield: (view) => shield(view, route, { [GROUP]: NOBODY }),
  };
}

function byPods(route: (cluster: string) => Route): Way {
  return {
    labelsPods: true,
    // How much each gets is a matter of its healthy pods.
    read: (view) =>
      selectorOf(view, route)[SERVING] === view.cluster
        ? Object.fromEntries(view.sets.filter(isServing).map(({ metadata }) => [metadata.name, 1]))
        : {},
    write: (view) => ({ changes: [pin(view, route, { [SERVING]: view.cluster })] }),
    problems: (view) => looseProblems(view, route, SERVING),
    shield: (view) => shield(view, route, { [SERVING]: view.cluster }),
  };
}

/** Whether new pods of a group are to get traffic. */
export function isServing({ spec }: ReplicaSet): boolean {
  return spec.template.metadata?.labels?.[SERVING] !== undefined;
}

function selectorOf(view: TrafficView, route: (cluster: string) => Route): Readonly<Record<string, string>> {
  return routeIn<Service>(view, route(view.cluster))?.spec?.selector ?? {};
}

// The whole selector is said: to Kubernetes it is one value.
function pin(
  view: TrafficView,
  route: (cluster: string) => Route,
  label: Readonly<Record<string, string>>,
): RouteChange {
  const at = route(view.cluster);
  const selector = { ...selectorOf(view, route), ...label };
  return { route: at, object: { metadata: { name: at.name }, spec: { selector } } };
}

// A selector without our label takes whoever has the others, a new group's pods among them.
function shield(
  view: TrafficView,
  route: (cluster: string) => Route,
  label: Readonly<Record<string, string>>,
): ReturnType<NonNullable<Traffic["shield"]>> {
  const selector = selectorOf(view, route);
  const pinned = Object.keys(label).every((name) => selector[name] !== undefined);
  if (pinned || !view.routes.has(routeKey(route(view.cluster)))) return undefined;
  return { ...pin(view, route, label), cutsOff: selector };
}

function looseProblems(
  view: TrafficView,
  route: (cluster: string) => Route,
  label: string,
): readonly string[] {
  const { name } = route(view.cluster);
  if (label === GROUP && SERVING in selectorOf(view, route))
    return [`Service ${name} selects pods by ${SERVING}: it was used with mode "proportional"`];
  if (label === SERVING && GROUP in selectorOf(view, route))
    return [`Service ${name} selects one group by ${GROUP}: it was used with mode "switch"`];
  return [];
}
