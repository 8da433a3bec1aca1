// What scenarios use of the bed.
export { type Access, accessOf } from "./access/access.ts";
export type { User } from "./access/user.ts";
export type { Agent } from "./agent/agent.ts";
export type { Balancer, Front, Share } from "./balancer/balancer.ts";
export type { Bed, Control } from "./bed.ts";
export type { ServerName } from "./cluster/control-plane.ts";
export { type Following, type Objects, follow } from "./cluster/follow.ts";
export type { Nodes } from "./cluster/nodes.ts";
export type { ActiveFault, Fault } from "./fault-proxy/fault.ts";
export type { FaultProxy, SeenRequest } from "./fault-proxy/fault-proxy.ts";
export { type Patience, until } from "./processes/until.ts";
export { BEHAVIOUR, BEHAVIOURS, type Behaviour, DELAY, STOP_AFTER } from "./stages/behaviour.ts";
export { type StartOptions, startKubernetes, whyNoControl, whyNoKubernetes } from "./start.ts";
