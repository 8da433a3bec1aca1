import type { Token } from "@gennaker/core/ports";
import type { Call } from "../api/calls.ts";
import { apiVersion, AUTOSCALERS, REPLICA_SETS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import type { KubernetesObject } from "../objects/objects.ts";
import { again } from "./again.ts";
import { admit } from "./fence.ts";

type Autoscaler = KubernetesObject & {
  readonly spec?: { readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string } };
};

/**
 * The autoscaler follows the traffic: it scales the group with the largest share. While two have the same, and while
 * nobody has any, it stays.
 */
export async function moveAutoscaler(
  ground: Ground,
  shares: Readonly<Record<string, number>>,
  token: Token,
  call: Call,
): Promise<void> {
  const { autoscaler, calls } = ground;
  const target = largest(shares);
  if (autoscaler === undefined || target === undefined) return;
  await again(
    `HorizontalPodAutoscaler ${autoscaler}`,
    async () => {
      const found = await calls.find<Autoscaler>(AUTOSCALERS, autoscaler, call);
      // Without one there is nothing to move; `check` tells.
      if (!found) return;
      await admit(ground, token, found, call);
      const { kind, name } = found.spec?.scaleTargetRef ?? {};
      if (kind === REPLICA_SETS.kind && name === target) return;
      const scaleTargetRef = { apiVersion: apiVersion(REPLICA_SETS), kind: REPLICA_SETS.kind, name: target };
      const { resourceVersion } = found.metadata;
      await calls.merge(
        AUTOSCALERS,
        autoscaler,
        { metadata: { resourceVersion }, spec: { scaleTargetRef } },
        call,
      );
    },
    call,
  );
}

function largest(shares: Readonly<Record<string, number>>): string | undefined {
  const [first, second] = Object.entries(shares).toSorted(([, a], [, b]) => b - a);
  if (!first || first[1] === 0 || first[1] === second?.[1]) return undefined;
  return first[0];
}
