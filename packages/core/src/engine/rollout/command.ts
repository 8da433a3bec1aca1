import type { NewEvent, RolloutCommand } from "../../machine/events.ts";
import type { RolloutDecision } from "../../machine/rollout/decide.ts";
import type { RolloutState } from "../../machine/rollout/state.ts";
import { clusterId, type ClusterState } from "../../model/cluster.ts";
import { type CommandEnd, stableRelease } from "../provider-calls.ts";
import type { RolloutDrive } from "./drive.ts";

type Command = NonNullable<RolloutDecision["command"]>;

/** Says a command to the provider, under the epoch of the claim. */
export function sayCommand(
  { id: command, body }: Command,
  rollout: RolloutState | undefined,
  world: ClusterState | undefined,
  { calls, effect, release }: RolloutDrive,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const token = { run: effect.run, epoch: rollout?.epoch ?? 0, command };
  const brought = isOfBaseline(body) ? stableRelease(rollout?.planned, world) : release;
  return calls.say(body, brought, token, signal);
}

// It is what stable is, by what the provider says of it now: no release but our own is in the log.
function isOfBaseline(body: RolloutCommand): boolean {
  return body.do === "create-group" && body.role === "baseline";
}

/** Ends a rollout that has no say any more, because a newer claim has its cluster. */
export async function standDown(command: string, { error }: CommandEnd, drive: RolloutDrive): Promise<void> {
  const { clock, effect, journal, calls } = drive;
  const reason = `${clusterId(calls.cluster)} was taken over by another rollout; this one no longer acts on it`;
  const at = clock.now();
  const end = { at, stage: effect.id, outcome: "failed", reason, watching: false } as const;
  await journal.insist(effect.run, {
    fence: effect,
    settle: true,
    incoming: (state) => [
      commandSettled(command, "failed", error, drive),
      ...(state.stages[effect.id]?.rollout?.outcome === undefined
        ? [{ type: "rollout-finished" as const, ...end }]
        : []),
    ],
  });
}

export function commandSettled(
  command: string,
  result: Exclude<CommandEnd["result"], "fenced">,
  error: unknown,
  { clock, effect, redactor }: RolloutDrive,
): NewEvent {
  return {
    type: "rollout-command-settled",
    at: clock.now(),
    stage: effect.id,
    command,
    result,
    ...(error !== undefined && { error: redactor.error(error) }),
  };
}

/**
 * Whether a claim that was thought lost came through late: our own, or that of an earlier run of this log. Of those none
 * has its turn now but us, unless we only watch: then it is the one that has.
 */
export async function cameLate(
  { claimedBy }: CommandEnd,
  rollout: RolloutState | undefined,
  { effect, journal }: RolloutDrive,
): Promise<boolean> {
  if (claimedBy === effect.run) return true;
  if (claimedBy === undefined || rollout?.watching === true) return false;
  return (await journal.state(claimedBy)) !== undefined;
}
