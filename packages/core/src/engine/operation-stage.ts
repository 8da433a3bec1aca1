import { ConfigurationError } from "../errors.ts";
import { selectGroup } from "../machine/operation/select.ts";
import { type OperationTarget, targetOf } from "../machine/operation/target.ts";
import { cancelOfStage, whyCancelled } from "../machine/run/cancel.ts";
import { isOver } from "../machine/run/state.ts";
import { clusterId, type ClusterState, type ServerGroup } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { Operation } from "../model/operation.ts";
import { asRecorded } from "./as-recorded.ts";
import type { Attempt } from "./attempt.ts";
import { isConflict } from "./code-stage.ts";
import { accountOf } from "./guard.ts";
import { OperationDriver } from "./operation-driver.ts";
import { Parked } from "./parked.ts";
import { ProviderCalls } from "./provider-calls.ts";
import { admit } from "./rollout-stage.ts";
import { sleep } from "./sleep.ts";
import { record, stageOf, type Surroundings } from "./surroundings.ts";

const TROUBLE_MS = 500;

/**
 * Carries out what was asked of a cluster by hand: with the cluster to itself, under a claim, one command at a time, each
 * decided on a fresh look. What is wanted is recorded in numbers and names first, so that it means the same after a crash.
 *
 * @throws Parked when the provider is not registered here
 */
export async function runOperationStage(attempt: Attempt, using: Surroundings): Promise<void> {
  const { effect } = attempt;
  const stage = stageOf(using, effect);
  if (!stage || isOver(stage)) return;
  const operation = stage.input as unknown as Operation;
  const provider = using.registry.provider(operation.cluster.provider);
  if (!provider) throw new Parked(using.registry.providerProblems(operation.cluster).join("; "));
  if (operation.do !== "find" && !(await admit(attempt, using))) return;
  const calls = new ProviderCalls(provider, operation.cluster, using.clock, using.calls);
  let output: Json;
  try {
    output = await operate(attempt, operation, calls, using);
  } catch (error) {
    return recordEnd(attempt, error, using);
  }
  await record(using, effect, [{ type: "stage-succeeded", at: using.clock.now(), stage: effect.id, output }]);
}

async function recordEnd(attempt: Attempt, thrown: unknown, using: Surroundings): Promise<void> {
  const { effect, stopped } = attempt;
  if (isConflict(stopped) || isConflict(thrown)) throw thrown;
  const at = using.clock.now();
  const state = using.journal.peek(effect.run);
  const cancel = state && cancelOfStage(state, effect.id);
  if (cancel)
    return record(using, effect, [
      { type: "stage-cancelled", at, stage: effect.id, ...whyCancelled(cancel) },
    ]);
  await record(using, effect, [
    { type: "stage-failed", at, stage: effect.id, error: using.redactor.error(thrown) },
  ]);
}

async function operate(
  attempt: Attempt,
  operation: Operation,
  calls: ProviderCalls,
  using: Surroundings,
): Promise<Json> {
  await mayOperate(attempt, operation, using);
  const world = await asRecorded(await fresh(calls, attempt, using), operation.cluster, using);
  const target = await recordTarget(attempt, operation, world, calls, using);
  if (operation.do === "find") return describe(operation, [selectGroup(world.groups, operation.group)]);
  await new OperationDriver({ using, attempt, operation, target, calls }).run();
  const after = await asRecorded(await fresh(calls, attempt, using), operation.cluster, using);
  const names = [
    ...Object.keys(target.sizes ?? {}),
    ...Object.keys(target.shares ?? {}),
    ...(target.gone ?? []),
  ];
  return describe(
    operation,
    names.map(
      (name) =>
        after.groups.find((group) => group.name === name) ?? { name, desired: 0, healthy: 0, share: 0 },
    ),
  );
}

// Whose run it is may do this there.
async function mayOperate(
  { effect }: Attempt,
  { do: operation, cluster }: Operation,
  { guard, journal }: Surroundings,
): Promise<void> {
  const permission = operation === "find" ? "READ" : "WRITE";
  const what = `${operation} in ${clusterId(cluster)}`;
  await guard.demand(journal.peek(effect.run)?.actor, permission, accountOf(cluster), what);
}

async function fresh(
  calls: ProviderCalls,
  { signal }: Attempt,
  { clock }: Surroundings,
): Promise<ClusterState> {
  for (;;) {
    const world = await calls.observe(signal);
    if (!world.stale) return world;
    await sleep(clock, TROUBLE_MS, signal);
    signal.throwIfAborted();
  }
}

async function recordTarget(
  { effect }: Attempt,
  operation: Operation,
  world: ClusterState,
  calls: ProviderCalls,
  using: Surroundings,
): Promise<OperationTarget> {
  const known = stageOf(using, effect)?.steps?.["target"];
  if (known) return known as unknown as OperationTarget;
  const target = targetOf(operation, world, calls.provider.supports.traffic);
  if ("problems" in target)
    throw new ConfigurationError(`${operation.do} in ${clusterId(operation.cluster)}`, target.problems);
  const value = target as unknown as Json;
  await record(using, effect, [
    { type: "stage-step-recorded", at: using.clock.now(), stage: effect.id, step: "target", value },
  ]);
  return target;
}

function describe(
  { cluster }: Operation,
  groups: readonly (Pick<ServerGroup, "name" | "desired" | "healthy" | "share" | "release"> | undefined)[],
): Json {
  const [first] = groups;
  const views = groups.flatMap((group) => (group ? [view(group)] : []));
  return {
    cluster: cluster as unknown as Json,
    groups: views,
    ...(first && { group: first.name }),
    ...(first?.release !== undefined && { release: first.release }),
  };
}

function view({
  name,
  desired,
  healthy,
  share,
}: Pick<ServerGroup, "name" | "desired" | "healthy" | "share">): Json {
  return { name, desired, healthy, share };
}
