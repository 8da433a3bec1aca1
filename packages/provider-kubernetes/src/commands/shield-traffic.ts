import type { Token } from "@gennaker/core/ports";
import type { Call } from "../api/calls.ts";
import { Refusal } from "../api/failure.ts";
import { PODS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { CLUSTER, TRAFFIC_MANAGER } from "../marks.ts";
import type { Pod } from "../objects/objects.ts";
import { lookAtRoutes, type Routes } from "../observe/look.ts";
import { routeKey } from "../traffic/traffic.ts";
import { again } from "./again.ts";
import { admit } from "./fence.ts";

/**
 * Before a group is made: a router that would give its pods traffic at once is narrowed, unless that took traffic from
 * pods which are served now.
 */
export async function shieldTraffic(ground: Ground, first: Routes, token: Token, call: Call): Promise<void> {
  const { calls, cluster, traffic } = ground;
  if (!traffic.shield) return;
  let seen: Routes | undefined = first;
  await again(
    `traffic of ${cluster}`,
    async () => {
      const routes = seen ?? (await lookAtRoutes(ground, call));
      seen = undefined;
      const change = traffic.shield?.({ cluster, routes, sets: [] });
      if (!change) return;
      const current = routes.get(routeKey(change.route));
      await admit(ground, token, current, call);
      await refuseToCutOff(
        ground,
        change.cutsOff,
        `${change.route.resource.kind} ${change.route.name}`,
        call,
      );
      const { resourceVersion } = current?.metadata ?? {};
      const metadata = {
        ...change.object.metadata,
        ...(resourceVersion !== undefined && { resourceVersion }),
      };
      await calls.apply(change.route.resource, { ...change.object, metadata }, TRAFFIC_MANAGER, call);
    },
    call,
  );
}

async function refuseToCutOff(
  { calls, cluster }: Ground,
  selector: Readonly<Record<string, string>>,
  route: string,
  call: Call,
): Promise<void> {
  const labels = Object.entries(selector).map(([name, value]) => `${name}=${value}`);
  if (labels.length === 0) return;
  const { items } = await calls.list<Pod>(PODS, { labels: labels.join(",") }, call);
  const others = items.filter(({ metadata }) => metadata.labels?.[CLUSTER] !== cluster);
  if (others.length === 0) return;
  throw new Refusal(
    "invalid",
    `${route} serves ${others.length} pods that are no group of ${cluster}, such as ${others[0]?.metadata.name}: ` +
      `take over what runs there with adopt(), or give the cluster a ${route.split(" ")[0]} of its own`,
  );
}
