import { ConfigurationError, ProviderError } from "../errors.ts";
import { permitOf } from "../machine/run/permit.ts";
import { isOver, type StageState } from "../machine/run/state.ts";
import { clusterId } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { Strategy } from "../model/phase.ts";
import type { PipelineStage } from "../model/pipeline-stage.ts";
import { secretsIn } from "../model/secret.ts";
import type { PlannedStage } from "../model/plan.ts";
import type { IssuedEffect } from "../ports/engine.ts";
import type { DeployInput } from "../stages/deploy.ts";
import { CheckCode } from "./check-code.ts";
import { Measurements } from "./measurements.ts";
import { accountOf } from "./guard.ts";
import { strategyKey } from "./registry.ts";
import type { Attempt } from "./attempt.ts";
import { askForTurn } from "./cluster-turn.ts";
import { Parked } from "./parked.ts";
import { ProviderCalls } from "./provider-calls.ts";
import { RolloutDriver } from "./rollout/driver.ts";
import { sleep } from "./sleep.ts";
import { evaluateInput } from "./stage-input.ts";
import { record, secretUse, stageOf, type Surroundings } from "./surroundings.ts";

const REMEMBER_MS = 5000;

/**
 * Drives the rollout of a deploy stage, once it has its cluster to itself.
 *
 * @throws Parked when the provider or the strategy is not registered here
 */
export async function runRolloutStage(
  attempt: Attempt,
  code: PipelineStage,
  using: Surroundings,
  admitted: () => void,
): Promise<void> {
  const { effect, bell, signal } = attempt;
  const recorded = stageOf(using, effect)?.input as unknown as DeployInput<Json> | undefined;
  if (!recorded) return;
  const provider = using.registry.provider(recorded.cluster.provider);
  if (!provider) throw new Parked(using.registry.providerProblems(recorded.cluster).join("; "));
  if (!stageOf(using, effect)?.rollout) await mayBegin(attempt, recorded, using);
  else await remember(attempt, recorded, using);
  if (!(await admit(attempt, using))) return;
  admitted();
  const checks = new CheckCode(using.registry, recorded.strategy, () =>
    strategyOfInput(effect, code, recorded, using),
  );
  const driver = new RolloutDriver({
    ...using,
    effect,
    bell,
    signal,
    calls: new ProviderCalls(provider, recorded.cluster, using.clock, using.calls, (release, patience) =>
      revealRelease(release, { effect, signal: patience }, using),
    ),
    release: recorded.release,
    group: recorded.group,
    replaces: recorded.replaces,
    strategy: () => findStrategy(effect, code, recorded, using),
    checks,
    measurements: new Measurements(effect, recorded, checks, using),
  });
  await driver.run();
}

// Before anything is changed: whose run it is may write there, and its secrets are there.
async function mayBegin(
  attempt: Attempt,
  { cluster, release, group }: DeployInput<Json>,
  using: Surroundings,
): Promise<void> {
  const actor = using.journal.peek(attempt.effect.run)?.actor;
  await using.guard.demand(actor, "WRITE", accountOf(cluster), `deploy to ${clusterId(cluster)}`);
  // A group that is brought back has its secrets.
  if (group !== undefined) await remember(attempt, { release }, using);
  else await using.secrets.reveal(release, secretUse(attempt, using));
}

// What a provider says of a group may hold the secrets that another process gave it: they are to be known here as well. A
// vault that cannot tell must not keep a rollout from its way back.
async function remember(
  { effect, signal }: Attempt,
  { release }: Pick<DeployInput<Json>, "release">,
  using: Surroundings,
): Promise<void> {
  if (secretsIn(release).length === 0) return;
  const patience = new AbortController();
  const until = AbortSignal.any([signal, patience.signal]);
  const known = using.secrets
    .reveal(release, secretUse({ effect, signal: until }, using))
    .then(() => undefined)
    .catch((error: unknown) => error ?? new Error("nobody knows why"));
  const late = new Error(`not told within ${REMEMBER_MS} ms`);
  const error = await Promise.race([known, sleep(using.clock, REMEMBER_MS, until).then(() => late)]);
  patience.abort(late);
  if (error === undefined || signal.aborted) return;
  const about = { run: effect.run, stage: effect.id, error };
  using.logger.warn(about, "secrets of a release are not known here: what is said of it may show them");
}

// In the midst of a rollout a secret that is gone is the release's fault: the rollout takes its way back.
async function revealRelease(
  release: Json,
  attempt: Pick<Attempt, "effect" | "signal">,
  using: Surroundings,
): Promise<Json> {
  try {
    return await using.secrets.reveal(release, secretUse(attempt, using));
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ProviderError(
      {
        provider: "secrets",
        operation: "resolve",
        resource: `stage ${JSON.stringify(attempt.effect.id)}`,
        kind: "invalid",
        message: cause.problems.join("; "),
        ambiguous: false,
      },
      { cause },
    );
  }
}

/** Waits for the cluster's permit; false when the stage ended while it waited. */
export async function admit(attempt: Attempt, using: Surroundings): Promise<boolean> {
  const { effect, bell } = attempt;
  const planned = using.journal.peek(effect.run)?.plan.stages.find(({ name }) => name === effect.id);
  const stage = stageOf(using, effect);
  if (!planned || !stage) return false;
  const line = permitOf(planned, stage)?.key ?? "";
  using.lines.join(line, bell);
  try {
    return await waitInLine(attempt, planned, using);
  } finally {
    using.lines.leave(line, bell);
  }
}

async function waitInLine(attempt: Attempt, planned: PlannedStage, using: Surroundings): Promise<boolean> {
  const { effect, bell, signal } = attempt;
  for (;;) {
    signal.throwIfAborted();
    const stage = stageOf(using, effect);
    if (!stage) return false;
    // A rollout that watches after a failure has given its permit back.
    if (stage.rollout?.watching || (stage.admitted && !isOver(stage))) return true;
    const request = permitOf(planned, stage);
    if (isOver(stage) || !request) return false;
    const permit = await askForTurn(attempt, request, using);
    if (!permit) return false;
    const at = using.clock.now();
    if (permit.granted)
      await record(using, effect, [{ type: "stage-admitted", at, stage: effect.id, permit: request.key }]);
    else {
      await recordQueued(effect, stage, request.key, permit.position, using);
      await bell.wait(signal);
    }
  }
}

async function recordQueued(
  effect: IssuedEffect,
  stage: StageState,
  permit: string,
  position: number,
  using: Surroundings,
): Promise<void> {
  if (stage.status === "queued" && stage.position === position) return;
  const at = using.clock.now();
  await record(using, effect, [{ type: "stage-queued", at, stage: effect.id, permit, position }]);
}

/** The strategy that a recorded name and options stand for: a registered one, or what the stage's input function gives. */
async function findStrategy(
  effect: IssuedEffect,
  code: PipelineStage,
  recorded: DeployInput<Json>,
  using: Surroundings,
): Promise<Strategy> {
  const made = using.registry.remake(recorded.strategy);
  if (made) return made;
  const again = await strategyOfInput(effect, code, recorded, using);
  if (again) return again;
  const { name, version } = recorded.strategy;
  throw new Parked(
    `strategy ${JSON.stringify(name)} (version ${version}) is not registered here: pass it to createDelivery({ strategies: […] })`,
  );
}

/** The strategy that the stage's input function gives, if it is the recorded one. */
async function strategyOfInput(
  effect: IssuedEffect,
  code: PipelineStage,
  recorded: DeployInput<Json>,
  { registry, journal }: Surroundings,
): Promise<Strategy | undefined> {
  const state = journal.peek(effect.run);
  const again = state && ((await evaluateInput(code, state, registry)).value as DeployInput<Json>).strategy;
  return again && strategyKey(again) === strategyKey(recorded.strategy) ? again : undefined;
}
