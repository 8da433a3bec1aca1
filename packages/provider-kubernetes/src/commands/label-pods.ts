import type { Token } from "@gennaker/core/ports";
import type { Call, PatchStep } from "../api/calls.ts";
import { isAnswer } from "../api/failure.ts";
import { PODS, REPLICA_SETS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { GROUP, SERVING } from "../marks.ts";
import type { Pod, ReplicaSet } from "../objects/objects.ts";
import { healthOf } from "../observe/pod-health.ts";
import { lookAtPods } from "../observe/look.ts";
import { isServing } from "../traffic/service-selector.ts";
import { again } from "./again.ts";
import { admit, refuseUnlessRecorded, stampSteps } from "./fence.ts";

const TEMPLATE_LABEL = `/spec/template/metadata/labels/${SERVING.replaceAll("/", "~1")}`;
const POD_LABEL = `/metadata/labels/${SERVING.replaceAll("/", "~1")}`;
const AT_ONCE = 8;

/**
 * Enables groups pod by pod: those that gain first, then those that lose, so that there is always somebody. The template
 * is first each time: pods that are born meanwhile are born right, and get traffic once they are ready.
 */
export async function labelPods(
  ground: Ground,
  sets: readonly ReplicaSet[],
  shares: Readonly<Record<string, number>>,
  token: Token,
  call: Call,
): Promise<void> {
  const serves = ({ metadata }: ReplicaSet): boolean => (shares[metadata.name] ?? 0) > 0;
  await enable(sets.filter(serves), true);
  await enable(
    sets.filter((set) => !serves(set)),
    false,
  );

  async function enable(some: readonly ReplicaSet[], serving: boolean): Promise<void> {
    for (const set of some)
      if (isServing(set) !== serving) await markTemplate(ground, set, serving, token, call);
    const names = new Set(some.map(({ metadata }) => metadata.name));
    if (names.size === 0) return;
    const pods = (await lookAtPods(ground, call)).filter(
      (pod) =>
        names.has(pod.metadata.labels?.[GROUP] ?? "") &&
        healthOf(pod) !== "gone" &&
        (pod.metadata.labels?.[SERVING] !== undefined) !== serving,
    );
    if (pods.length === 0) return;
    // After the look: a claim that follows marks these very pods.
    await refuseUnlessRecorded(ground, token, call);
    for (let from = 0; from < pods.length; from += AT_ONCE)
      await Promise.all(
        pods.slice(from, from + AT_ONCE).map((pod) => markPod(ground, pod, serving, token, call)),
      );
  }
}

async function markTemplate(
  ground: Ground,
  first: ReplicaSet,
  serving: boolean,
  token: Token,
  call: Call,
): Promise<void> {
  const { calls, cluster } = ground;
  const { name } = first.metadata;
  let seen: ReplicaSet | undefined = first;
  await again(
    name,
    async () => {
      const set = seen ?? (await calls.get<ReplicaSet>(REPLICA_SETS, name, call));
      seen = undefined;
      if (isServing(set) === serving) return;
      await admit(ground, token, set, call);
      await calls.patch(REPLICA_SETS, name, [...version(set), step(TEMPLATE_LABEL, serving, cluster)], call);
    },
    call,
  );
}

async function markPod(ground: Ground, pod: Pod, serving: boolean, token: Token, call: Call): Promise<void> {
  const { calls, cluster } = ground;
  const { name } = pod.metadata;
  const stamp = { epoch: token.epoch, run: token.run };
  let seen: Pod | undefined = pod;
  await again(
    `pod ${name}`,
    async () => {
      const now = seen ?? (await calls.find<Pod>(PODS, name, call));
      if (!now) return;
      // Read again, so the record must be, too.
      if (!seen) await admit(ground, token, now, call);
      seen = undefined;
      if ((now.metadata.labels?.[SERVING] !== undefined) === serving) return;
      const steps = [...stampSteps(now, cluster, stamp), step(POD_LABEL, serving, cluster)];
      try {
        await calls.patch(PODS, name, steps, call);
      } catch (error) {
        // It ended meanwhile.
        if (!isAnswer(error, 404)) throw error;
      }
    },
    call,
  );
}

function version({ metadata }: ReplicaSet): readonly PatchStep[] {
  return [{ op: "test", path: "/metadata/resourceVersion", value: metadata.resourceVersion }];
}

function step(path: string, serving: boolean, cluster: string): PatchStep {
  return serving ? { op: "add", path, value: cluster } : { op: "remove", path };
}
