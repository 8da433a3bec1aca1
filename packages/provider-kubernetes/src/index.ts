/**
 * Server groups of ReplicaSets in a Kubernetes namespace, with traffic by Service, Gateway API, Istio or NGINX.
 * @packageDocumentation
 */
export { kubernetes, type KubernetesProvider } from "./kubernetes.ts";
export type { KubernetesClusterOptions, KubernetesOptions } from "./options.ts";
export type { KubernetesRelease, VersionedSettings } from "./release.ts";
export { serviceSelector, type ServiceSelectorOptions } from "./traffic/service-selector.ts";
export { gatewayRoute, type GatewayRouteOptions } from "./traffic/gateway-route.ts";
export { istio, type IstioOptions } from "./traffic/istio.ts";
export { nginxCanary, type NginxCanaryOptions } from "./traffic/nginx-canary.ts";
export {
  type GroupPort,
  type Route,
  type RouteChange,
  routeKey,
  type ShieldChange,
  type Traffic,
  type TrafficPlan,
  type TrafficView,
} from "./traffic/traffic.ts";
export type { Adopted, AdoptOptions } from "./adopt/adopt.ts";
export type { PolicyRule, Role } from "./access/role.ts";
export type { ApiRequest, ApiResponse, KubernetesApi } from "./api/port.ts";
export { connection, type ConnectionOptions } from "./api/connection.ts";
export type { RequestCount } from "./api/request-counts.ts";
export type { Resource } from "./api/resource.ts";
export type {
  Container,
  KubernetesObject,
  Meta,
  OwnerReference,
  PodTemplate,
  ReplicaSet,
  StatusCondition,
} from "./objects/objects.ts";
