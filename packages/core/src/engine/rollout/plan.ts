import { ConfigurationError, UnsupportedError } from "../../errors.ts";
import type { NewEvent } from "../../machine/events.ts";
import { planRollout, type RolloutAsk } from "../../machine/rollout/plan.ts";
import { servingGroup } from "../../machine/rollout/roles.ts";
import { clusterId, type ClusterState } from "../../model/cluster.ts";
import type { Json } from "../../model/json.ts";
import type { Strategy } from "../../model/phase.ts";
import { asRecorded } from "../as-recorded.ts";
import type { ProviderCalls } from "../provider-calls.ts";
import { sleep } from "../sleep.ts";
import { UNDO } from "../undo-strategy.ts";
import { servesAlready } from "../undo.ts";
import type { RolloutDrive } from "./drive.ts";
import { TROUBLE_MS } from "./trouble.ts";

/** A plan; or the group that serves already, so that nothing is left to do. */
type Planned = { readonly event: NewEvent<"rollout-planned"> } | { readonly serving: string };

/**
 * Plans a rollout on a fresh look at its cluster. Changes nothing.
 *
 * @throws UnsupportedError when the provider cannot do what the strategy needs
 * @throws ConfigurationError with all problems of the release and of the plan
 */
export async function planDrive(drive: RolloutDrive, round: number, signal: AbortSignal): Promise<Planned> {
  const { calls, release, replaces } = drive;
  const strategy = await drive.strategy();
  checkTraffic(strategy, calls);
  const undoes = strategy.name === UNDO || replaces !== undefined;
  const check = (): Promise<readonly string[]> =>
    isRevival(drive) ? Promise.resolve([]) : calls.check(release, signal);
  // Who undoes has nothing to check when it is done already.
  const [world, early] = await Promise.all([freshLook(drive, signal), undoes ? [] : check()]);
  const serving = undoneBy(strategy, world, drive);
  if (serving !== undefined) return { serving };
  const found = undoes ? await check() : early;
  const planned = planRollout(await askOf(strategy, round, world, drive));
  const problems = [
    ...found,
    ...("problems" in planned ? planned.problems : await calls.checkBaseline(planned.event, world, signal)),
  ];
  if (problems.length > 0 || "problems" in planned)
    throw new ConfigurationError(`deploy to ${clusterId(calls.cluster)}`, problems);
  await drive.checks.insist(planned.event.rollout, strategy);
  return planned;
}

/** The end of a stage whose work is done: whoever made room, or somebody else, has gone back there already. */
export function alreadyDone(group: string, { calls, release, clock, effect }: RolloutDrive): NewEvent {
  const output = { cluster: calls.cluster as unknown as Json, release, group };
  return { type: "stage-succeeded", at: clock.now(), stage: effect.id, output };
}

function checkTraffic({ name, modes }: Strategy, { provider, cluster }: ProviderCalls): void {
  const { traffic } = provider.supports;
  if (!modes.includes(traffic))
    throw new UnsupportedError(
      `strategy ${name} needs traffic to be ${modes.join(" or ")}; provider ${provider.name} can only do ${traffic}: take another strategy for ${clusterId(cluster)}`,
    );
}

async function freshLook({ calls, clock }: RolloutDrive, signal: AbortSignal): Promise<ClusterState> {
  for (;;) {
    const world = await calls.observe(signal);
    if (!world.stale) return world;
    await sleep(clock, TROUBLE_MS, signal);
  }
}

// Which group serves instead of what was to be taken back.
function undoneBy(
  { name }: Strategy,
  world: ClusterState,
  { group, release, replaces }: RolloutDrive,
): string | undefined {
  const wanted = name === UNDO ? servesAlready(world, { group, release }) : undefined;
  return wanted ?? otherThan(replaces, world);
}

// What was to be taken back is gone already: a newer rollout has brought something else.
function otherThan(replaced: string | undefined, { groups }: ClusterState): string | undefined {
  const serving = replaced === undefined ? undefined : servingGroup(groups)?.name;
  return serving === replaced ? undefined : serving;
}

async function askOf(
  strategy: Strategy,
  round: number,
  world: ClusterState,
  drive: RolloutDrive,
): Promise<RolloutAsk> {
  const { calls, effect, group, clock } = drive;
  const release = isRevival(drive) ? await releaseOf(drive.group, world, drive) : drive.release;
  return {
    stage: effect.id,
    run: effect.run,
    cluster: calls.cluster,
    release,
    strategy,
    ...(group !== undefined && { group }),
    round,
    world,
    traffic: calls.provider.supports.traffic,
    at: clock.now(),
  };
}

// A group that is only brought back has its release already.
function isRevival({ group, release }: RolloutDrive): boolean {
  return group !== undefined && release === null;
}

// Recorded with the plan, and so with references in the place of secrets.
async function releaseOf(group: string | undefined, world: ClusterState, drive: RolloutDrive): Promise<Json> {
  const { groups } = await asRecorded(world, drive.calls.cluster, drive);
  return groups.find(({ name }) => name === group)?.release ?? null;
}
