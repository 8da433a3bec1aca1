import { ConflictError } from "../errors.ts";
import { supersedeStage } from "../machine/run/supersede.ts";
import type { RunState } from "../machine/run/state.ts";
import type { PermitRequest, PermitState } from "../ports/engine.ts";
import type { DeployInput, OnBusy } from "../stages/deploy.ts";
import { isRefusedPlace } from "./admissions.ts";
import type { Attempt } from "./attempt.ts";
import type { Journal } from "./journal.ts";
import { record, stageOf, type Surroundings } from "./surroundings.ts";

/** Asks for the cluster's permit, as the stage's `onBusy` says; undefined: the stage has failed for it. */
export async function askForTurn(
  { effect }: Attempt,
  request: PermitRequest,
  using: Surroundings,
): Promise<PermitState | undefined> {
  const ask = async (wanted: PermitRequest): Promise<PermitState | undefined> =>
    (await using.journal.insist(effect.run, { fence: effect, request: [wanted] })).permits[0];
  const policy = onBusyOf(stageOf(using, effect)?.input);
  if (policy !== "reject") {
    const permit = await ask(request);
    if (policy === "supersede" && permit?.granted === false) await supersedeOlder(permit, using);
    return permit;
  }
  try {
    return await ask({ ...request, onlyIfFree: true });
  } catch (error) {
    if (!isRefusedPlace(error, request.key)) throw error;
    const other = await firstStranger(effect.run, await using.journal.line(request.key), using);
    // Stages of one run, and runs below, wait for each other; and who was in the way may be gone by now.
    if (!other) return ask(request);
    const failed = using.redactor.error(refusal(other, request.key));
    await record(using, effect, [
      { type: "stage-failed", at: using.clock.now(), stage: effect.id, error: failed },
    ]);
    return undefined;
  }
}

/**
 * Has those before this one in the line make room, if their runs were started earlier. It is recorded in their own logs
 * before anything happens to them, and whoever asks again after a crash finds out again who is still in the way.
 */
async function supersedeOlder(own: PermitState, { journal, clock }: Surroundings): Promise<void> {
  const state = await journal.state(own.run);
  if (!state) return;
  const { actor } = state;
  const root = await rootOf(state, journal);
  const by = { run: own.run, stage: own.holder, ...(actor !== undefined && { actor }) };
  for (const { run, holder } of placesBefore(own, await journal.line(own.key))) {
    const other = await journal.state(run);
    if (!other || !startedNoLater(other, state) || (await rootOf(other, journal)) === root) continue;
    if (supersedeStage(other, holder, by, clock.now()).length === 0) continue;
    await journal.insist(run, { incoming: (now) => supersedeStage(now, holder, by, clock.now()) });
  }
}

function placesBefore(own: PermitState, line: readonly PermitState[]): readonly PermitState[] {
  const index = line.findIndex(({ run, holder }) => run === own.run && holder === own.holder);
  return line.slice(0, Math.max(0, index)).filter(({ run }) => run !== own.run);
}

async function firstStranger(
  run: string,
  line: readonly PermitState[],
  { journal }: Surroundings,
): Promise<PermitState | undefined> {
  const own = await journal.state(run);
  const root = own && (await rootOf(own, journal));
  for (const place of line) {
    const other = await journal.state(place.run);
    if (other && (await rootOf(other, journal)) !== root) return place;
  }
  return undefined;
}

/** The run above all others: what runs below it do is its own doing. */
async function rootOf(state: RunState, journal: Journal): Promise<string> {
  const { run, parent } = state;
  const above = parent && (await journal.state(parent.run));
  return above ? rootOf(above, journal) : (parent?.run ?? run);
}

// An older run whose deploy comes late, after an approval perhaps, does not undo what is newer.
function startedNoLater(other: RunState, state: RunState): boolean {
  return other.startedAt <= state.startedAt;
}

// Recorded with every start of a deploy since there is a choice.
function onBusyOf(input: unknown): OnBusy {
  return (input as DeployInput<unknown> | undefined)?.onBusy ?? "queue";
}

function refusal({ run, holder }: PermitState, permit: string): ConflictError {
  return new ConflictError(
    `${permit} is taken by run ${run} (stage ${JSON.stringify(holder)}), and this deploy does not wait: start it again when that run is over, or say onBusy: "queue" or "supersede"`,
    { details: { run, stage: holder, permit } },
  );
}
