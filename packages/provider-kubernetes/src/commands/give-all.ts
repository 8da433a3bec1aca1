import type { Token } from "@gennaker/core/ports";
import type { Call } from "../api/calls.ts";
import type { Ground } from "../ground.ts";
import { makeServices } from "./create-group.ts";
import { setTraffic } from "./set-traffic.ts";

/** All traffic to one group, in place of a Service that is no group's if one is named. */
export async function giveAll(
  ground: Ground,
  group: string,
  replaced: string | undefined,
  token: Token,
  call: Call,
): Promise<void> {
  await makeServices(ground, call);
  const told = { weights: undefined, tell: () => undefined, pods: [] };
  await setTraffic(ground, { shares: { [group]: 100 } }, token, call, told, replaced);
}
