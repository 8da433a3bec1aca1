import type { Token } from "@gennaker/core/ports";
import type { Call } from "../api/calls.ts";
import { isAnswer, Refusal } from "../api/failure.ts";
import { DEPLOYMENTS } from "../api/resource.ts";
import { claim } from "../commands/claim.ts";
import { giveAll } from "../commands/give-all.ts";
import type { Ground } from "../ground.ts";
import { ADOPTED, SEQUENCE } from "../marks.ts";
import type { KubernetesObject, ReplicaSet } from "../objects/objects.ts";
import { lookAtSets } from "../observe/look.ts";
import { pause } from "../pause.ts";
import { finish, labelPodsOf, setsOf, takeNote } from "./steps.ts";

/** What is taken over. */
export interface AdoptOptions {
  /** Name of the Deployment, which ends without its pods. */
  readonly deployment: string;
  /** Where groups get Services of their own: the Service that the route leads to now. It stays, without traffic. */
  readonly service?: string;
  /** Milliseconds that the controller which keeps endpoints may lag behind a label. Default 2000. */
  readonly settleMs?: number;
}

/** What became of it. */
export interface Adopted {
  /** The groups, oldest first: the Deployment's ReplicaSets, with their names. */
  readonly groups: readonly string[];
  /** Who serves now. */
  readonly serving: string;
}

/** A Deployment, as much of it as is looked at. */
export type Deployment = KubernetesObject & {
  readonly spec?: { readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } };
};

const SETTLE_MS = 2000;

/**
 * Takes over a running Deployment. Its ReplicaSets are noted as ours first, so that whoever says this again after a crash
 * finds them; then the Deployment ends without them; then they, and their pods where they run, are labelled as groups; and
 * only when that has come about is the traffic narrowed to the one that serves.
 */
export async function adopt(ground: Ground, what: AdoptOptions, call: Call): Promise<Adopted> {
  const run = `adopt ${what.deployment}`;
  const { epoch } = await claim(ground, run, call);
  const token: Token = { run, epoch, command: "adopt" };
  const deployment = await ground.calls.find<Deployment>(DEPLOYMENTS, what.deployment, call);
  if (deployment) await release(ground, deployment, token, call);
  const sets = (await lookAtSets(ground, call)).filter((set) => isAdopted(set, what.deployment));
  const serving = servingOf(sets, what);
  for (const set of sets) await labelPodsOf(ground, set, call);
  await pause(what.settleMs ?? SETTLE_MS, call.signal);
  for (const set of sets) await finish(ground, set, call);
  await giveAll(ground, serving.metadata.name, what.service, token, call);
  return {
    groups: sets.toSorted(bySequence).map(({ metadata }) => metadata.name),
    serving: serving.metadata.name,
  };
}

function isAdopted({ metadata }: ReplicaSet, deployment: string): boolean {
  return metadata.annotations?.[ADOPTED] === deployment;
}

function servingOf(sets: readonly ReplicaSet[], { deployment }: AdoptOptions): ReplicaSet {
  const full = sets.filter(({ spec }) => (spec.replicas ?? 1) > 0).toSorted(bySequence);
  const serving = full.at(-1) ?? sets.toSorted(bySequence).at(-1);
  if (!serving)
    throw new Refusal(
      "not-found",
      `there is no Deployment ${deployment}, and nothing was taken over from it`,
    );
  return serving;
}

const sequenceOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations?.[SEQUENCE] ?? 0);
const bySequence = (a: ReplicaSet, b: ReplicaSet): number => sequenceOf(a) - sequenceOf(b);

/** The Deployment goes, its ReplicaSets stay. */
async function release(ground: Ground, deployment: Deployment, token: Token, call: Call): Promise<void> {
  const { calls } = ground;
  const { name, uid } = deployment.metadata;
  const sets = await setsOf(ground, deployment, call);
  const full = sets.filter(({ spec }) => (spec.replicas ?? 1) > 0);
  if (full.length > 1)
    throw new Refusal("conflict", `Deployment ${name} is in the middle of a rollout: wait until it is done`);
  for (const set of sets) await takeNote(ground, set, name, token, call);
  try {
    await calls.delete(DEPLOYMENTS, { name, ...(uid !== undefined && { uid }) }, call, "Orphan");
  } catch (error) {
    if (!isAnswer(error, 404)) throw error;
  }
  await untilGone(ground, name, uid, call);
}

const LOOK_MS = 200;
const PATIENCE = 300;

// The garbage collector takes the Deployment's name off its ReplicaSets, and then the Deployment goes.
async function untilGone(
  { calls }: Ground,
  name: string,
  uid: string | undefined,
  call: Call,
): Promise<void> {
  for (let looks = 0; looks < PATIENCE; looks++) {
    const left = await calls.find(DEPLOYMENTS, name, call);
    if (!left || left.metadata.uid !== uid) return;
    await pause(LOOK_MS, call.signal);
    call.signal?.throwIfAborted();
  }
  throw new Refusal(
    "unavailable",
    `Deployment ${name} is still there after a minute: does the controller manager run? Say adopt again when it does`,
  );
}
