import type { Provider, Token } from "@gennaker/core/ports";
import type { Call } from "../api/calls.ts";
import { isAnswer, Refusal } from "../api/failure.ts";
import { REPLICA_SETS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { again } from "./again.ts";
import { checkSize } from "./checks.ts";
import { admit } from "./fence.ts";
import { setsIf } from "./situation.ts";

/** Sets a size through the scale subresource, in the very version of the group that was looked at. */
export async function scaleGroup(
  ground: Ground,
  { group, size, condition }: Parameters<Provider["scaleGroup"]>[1],
  token: Token,
  call: Call,
): Promise<void> {
  checkSize(size);
  await again(
    group,
    async () => {
      // The condition is looked at first: what it is judged by must not be older than the version that is written.
      const set = (await setsIf(ground, condition, call)).find(({ metadata }) => metadata.name === group);
      await admit(ground, token, set, call);
      if (!set) throw noSuchGroup(group);
      if (set.spec.replicas === size) return;
      const { resourceVersion } = set.metadata;
      try {
        await ground.calls.merge(
          REPLICA_SETS,
          group,
          { metadata: { resourceVersion }, spec: { replicas: size } },
          call,
          "scale",
        );
      } catch (error) {
        if (isAnswer(error, 404)) throw noSuchGroup(group);
        throw error;
      }
    },
    call,
  );
}

/** What to say of a group that is not there. */
export function noSuchGroup(group: string): Refusal {
  return new Refusal("not-found", `there is no group ${group}`);
}
