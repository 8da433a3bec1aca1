/**
 * Server groups of real processes behind a real load balancer on this machine.
 * @packageDocumentation
 */
export { local, type LocalProvider } from "./local.ts";
export type { LocalClusterOptions, LocalOptions } from "./options.ts";
export type { HealthRules, LocalRelease, LogRules } from "./release.ts";
export type { GroupTraffic, ClusterTraffic } from "./supervisor/balancer.ts";
