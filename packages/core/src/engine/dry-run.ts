import { DeliveryError } from "../errors.ts";
import { forecastRollout, type RolloutForecast } from "../machine/plan/forecast.ts";
import { planRollout } from "../machine/rollout/plan.ts";
import { beginRun, evolveRun } from "../machine/run/evolve.ts";
import type { RunState } from "../machine/run/state.ts";
import { plannedStage } from "../machine/run/planned.ts";
import type { NewEvent } from "../machine/events.ts";
import { itemStages } from "../model/items.ts";
import type { PlannedStage } from "../model/plan.ts";
import { clusterId, type ClusterState } from "../model/cluster.ts";
import { parseDuration } from "../model/duration.ts";
import type { Json } from "../model/json.ts";
import type { Rollout, Strategy } from "../model/phase.ts";
import type { PipelineStage } from "../model/pipeline-stage.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import type { DeployInput } from "../stages/deploy.ts";
import type { JudgementInput } from "../stages/judgement.ts";
import { instantOf, type WaitInput } from "../stages/wait.ts";
import { checksOf, missing } from "./check-code.ts";
import { jointlyClosed } from "./hold.ts";
import { estimateBoot, type BootEstimate } from "./boot-history.ts";
import { ProviderCalls, type CallLimits } from "./provider-calls.ts";
import type { AnyPipeline, Registry } from "./registry.ts";
import { evaluateInput, meetsCondition } from "./stage-input.ts";

/** One stage of a dry run. */
export interface StageForecast {
  readonly stage: string;
  readonly type: string;
  /** Milliseconds after the start, if all before goes as foreseen. */
  readonly startsMs: number;
  /** Why its windows make it wait, and until when. Absent: they do not. */
  readonly held?: { readonly reason: string; readonly opensAt?: number };
  readonly takesMs: number;
  /** True: it takes longer by a time that nobody knows (an answer, a stage's own code). */
  readonly openEnded: boolean;
  /** What is asked of whom, for a judgement. */
  readonly asks?: {
    readonly roles: readonly string[];
    readonly timeoutMs?: number;
    readonly onTimeout?: "fail" | "pass";
    readonly approvals?: number;
  };
  /** For a deploy: where. */
  readonly cluster?: string;
  /** For a deploy: its phases. */
  readonly rollout?: RolloutForecast;
  /** For a deploy: how long instances are taken to boot. */
  readonly boot?: BootEstimate;
  /** Why nothing can be foreseen of it: its input depends on what only runs can tell. */
  readonly unknown?: string;
  /** Why it would be passed by. */
  readonly bypassed?: string;
}

/** What a run would do to the clusters as they are now. Nothing was changed to find out. */
export interface DryRun {
  readonly pipeline: string;
  /** When the clusters were looked at: milliseconds since 1970. */
  readonly at: number;
  readonly stages: readonly StageForecast[];
  /** What would go wrong, one line each; empty when nothing is in the way. */
  readonly problems: readonly string[];
}

/** What a dry run looks at. */
export interface DryRunSources {
  readonly registry: Registry;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly calls: CallLimits;
  readonly signal: AbortSignal;
}

interface Walk {
  state: RunState;
  readonly at: number;
  readonly worlds: Map<string, ClusterState>;
  readonly ends: Map<string, number>;
  readonly problems: string[];
}

/** Walks a pipeline without running it: real inputs, real observations, the real machine, and time that only counts. */
export async function dryRun(pipeline: AnyPipeline, input: Json, sources: DryRunSources): Promise<DryRun> {
  const at = sources.clock.now();
  const state = beginRun("plan", { type: "run-started", at, plan: pipeline.plan(input), input });
  const walk: Walk = { state, at, worlds: new Map(), ends: new Map(), problems: [] };
  const stages: StageForecast[] = [];
  const done = new Set<string>();
  for (;;) {
    const planned = nextStage(walk.state, done);
    if (!planned) return { pipeline: pipeline.name, at, stages, problems: walk.problems };
    done.add(planned.name);
    const code = sources.registry.stage(walk.state.plan, planned.name);
    if (typeof code === "string") continue;
    const forecast = await forecastStage({ ...code, after: planned.after }, walk, sources);
    walk.ends.set(planned.name, forecast.startsMs + forecast.takesMs);
    stages.push(forecast);
  }
}

// A run that goes well has nothing to clear up. A list that can be foreseen adds its stages on the way.
function nextStage({ plan }: RunState, done: ReadonlySet<string>): PlannedStage | undefined {
  return plan.stages.find(({ name, role }) => role !== "on-failure" && !done.has(name));
}

function waitMs(input: WaitInput, now: number): number {
  return input.until === undefined ? parseDuration(input.for) : Math.max(0, instantOf(input.until) - now);
}

/** When a stage's windows let it begin, once it is ready. */
function opening(
  { name, windows = [] }: PipelineStage,
  readyMs: number,
  walk: Walk,
): { readonly startsMs: number; readonly held?: StageForecast["held"] } {
  const closed = jointlyClosed(windows, walk.at + readyMs);
  if (!closed) return { startsMs: readyMs };
  const { reason, opensAt } = closed;
  if (opensAt === undefined) {
    walk.problems.push(
      `stage ${JSON.stringify(name)}  windows: never open again, as far as can be seen (${reason})`,
    );
    return { startsMs: readyMs, held: { reason } };
  }
  return { startsMs: opensAt - walk.at, held: { reason, opensAt } };
}

async function forecastStage(
  stage: PipelineStage,
  walk: Walk,
  sources: DryRunSources,
): Promise<StageForecast> {
  const before = stage.settings.role === "finally" ? [...walk.ends.keys()] : stage.after;
  const readyMs = Math.max(0, ...before.map((name) => walk.ends.get(name) ?? 0));
  const { startsMs, held } = opening(stage, readyMs, walk);
  const common = { stage: stage.name, type: stage.type.type, startsMs, ...(held && { held }) };
  const blind = { ...common, takesMs: 0, openEnded: true };
  const absent = stage.after.filter((name) => walk.state.stages[name]?.output === undefined);
  let value: unknown;
  try {
    if (!meetsCondition(stage, walk.state)) return bypass(walk, common);
    ({ value } = await evaluateInput(stage, walk.state, sources.registry));
  } catch (error) {
    if (absent.length > 0)
      return {
        ...blind,
        unknown: `its input depends on what ${absent.map((name) => JSON.stringify(name)).join(", ")} will find`,
      };
    walk.problems.push(...problemsOf(stage, error));
    return blind;
  }
  switch (stage.type.kind) {
    case "wait": {
      const takesMs = waitMs(value as WaitInput, walk.at + startsMs);
      succeed(walk, stage, { until: walk.at + startsMs + takesMs });
      return { ...common, takesMs, openEnded: false };
    }
    case "judgement": {
      const { roles, timeout, onTimeout, approvals } = value as JudgementInput;
      succeed(walk, stage, { verdict: "pass", actor: "?", at: walk.at + startsMs });
      const timeoutMs = timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) };
      const more = { ...(onTimeout && { onTimeout }), ...(approvals !== undefined && { approvals }) };
      return { ...blind, asks: { roles, ...timeoutMs, ...more } };
    }
    case "expand": {
      const planned = plannedStage(walk.state, stage.name);
      const { items } = value as { readonly items: readonly Json[] };
      const added = planned ? itemStages(planned, items) : [];
      evolve(walk, { type: "plan-expanded", at: walk.at, stage: stage.name, stages: added });
      succeed(walk, stage, items);
      return { ...common, takesMs: 0, openEnded: false };
    }
    case "rollout":
      return {
        ...blind,
        ...(await forecastDeploy(stage, value as DeployInput<Json>, startsMs, walk, sources)),
      };
    default:
      return blind;
  }
}

async function forecastDeploy(
  stage: PipelineStage,
  { cluster, release, strategy, group }: DeployInput<Json>,
  startsMs: number,
  walk: Walk,
  sources: DryRunSources,
): Promise<Partial<StageForecast>> {
  const { registry, clock, calls: limits, engine, signal } = sources;
  const provider = registry.provider(cluster.provider);
  if (!provider) return {};
  const id = clusterId(cluster);
  const calls = new ProviderCalls(provider, cluster, clock, limits);
  try {
    const found = group !== undefined && release === null ? [] : await calls.check(release, signal);
    const world = walk.worlds.get(id) ?? (await calls.observe(signal));
    const { traffic } = provider.supports;
    const planned = planRollout({
      stage: stage.name,
      run: "plan",
      cluster,
      release,
      strategy,
      ...(group !== undefined && { group }),
      world,
      traffic,
      at: walk.at + startsMs,
    });
    const problems = [
      ...found,
      ...("problems" in planned
        ? planned.problems
        : [
            ...missingChecks(planned.event.rollout, strategy, registry),
            ...(await calls.checkBaseline(planned.event, world, signal)),
          ]),
    ];
    walk.problems.push(...problems.map((problem) => `stage ${JSON.stringify(stage.name)}  ${problem}`));
    if ("problems" in planned) return { cluster: id };
    const boot = await estimateBoot(engine, cluster);
    const rollout = forecastRollout(planned.event, world, boot);
    walk.worlds.set(id, rollout.after);
    const previous = planned.event.before ? { previous: planned.event.before.group } : {};
    succeed(walk, stage, {
      cluster: cluster as unknown as Json,
      release,
      group: rollout.candidate,
      ...previous,
    });
    const openEnded = rollout.phases.some(({ gate }) => gate !== undefined && gate.kind !== "check");
    return { cluster: id, rollout, boot, takesMs: rollout.takesMs, openEnded };
  } catch (error) {
    walk.problems.push(...problemsOf(stage, error));
    return { cluster: id };
  }
}

function missingChecks(rollout: Rollout, { checks = [] }: Strategy, registry: Registry): readonly string[] {
  const here = (name: string): boolean =>
    registry.check(name) !== undefined || checks.some((check) => check.name === name);
  return checksOf(rollout)
    .filter((name) => !here(name))
    .map(missing);
}

function succeed(walk: Walk, stage: PipelineStage, output: Json): void {
  evolve(walk, { type: "stage-succeeded", at: walk.at, stage: stage.name, output });
}

function bypass(walk: Walk, common: Pick<StageForecast, "stage" | "type" | "startsMs">): StageForecast {
  const reason = "its condition does not hold";
  evolve(walk, { type: "stage-bypassed", at: walk.at, stage: common.stage, by: "condition", reason });
  return { ...common, takesMs: 0, openEnded: false, bypassed: reason };
}

function evolve(walk: Walk, event: NewEvent): void {
  walk.state = evolveRun(walk.state, event);
}

function problemsOf(stage: PipelineStage, error: unknown): readonly string[] {
  const at = `stage ${JSON.stringify(stage.name)}`;
  const problems = DeliveryError.is(error) ? error.details["problems"] : undefined;
  if (Array.isArray(problems)) return problems.map((problem) => `${at}  ${String(problem)}`);
  return [`${at}  ${error instanceof Error ? error.message : String(error)}`];
}
