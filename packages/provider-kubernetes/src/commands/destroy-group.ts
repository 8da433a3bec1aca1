import type { Provider, Token } from "@gennaker/core/ports";
import type { Call } from "../api/calls.ts";
import { isAnswer } from "../api/failure.ts";
import { REPLICA_SETS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { again } from "./again.ts";
import { admit } from "./fence.ts";
import { setsIf } from "./situation.ts";

/**
 * Deletes the ReplicaSet. Its pods, its Service and its settings follow, collected by Kubernetes; pods drain as their
 * `preStop` and `terminationGracePeriodSeconds` say. Resolves to the `uid` of what was deleted; undefined: it was gone.
 */
export async function destroyGroup(
  ground: Ground,
  { group, condition }: Parameters<Provider["destroyGroup"]>[1],
  token: Token,
  call: Call,
): Promise<string | undefined> {
  return again(
    group,
    async () => {
      const set = (await setsIf(ground, condition, call)).find(({ metadata }) => metadata.name === group);
      await admit(ground, token, set, call);
      if (!set) return undefined;
      const { name, uid, resourceVersion } = set.metadata;
      const exactly = {
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      };
      try {
        await ground.calls.delete(REPLICA_SETS, { name, ...exactly }, call);
        return uid;
      } catch (error) {
        if (!isAnswer(error, 404)) throw error;
        return undefined;
      }
    },
    call,
  );
}
