import type { Outcome } from "../machine/events.ts";
import { type Cluster, clusterId } from "../model/cluster.ts";
import { type Duration, parseDuration } from "../model/duration.ts";
import type { StageContext, StageType } from "../model/stage.ts";
import { checkRequirements } from "./check-requirements.ts";
import { defineStage } from "./define-stage.ts";
import { StageError } from "./stage-error.ts";

/** Bounds of a number, both inside. */
export interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Something that must be so before a run goes on. */
export type Requirement = (
  | {
      /** The sum over all groups of the cluster that have traffic. */
      readonly cluster: Cluster<unknown>;
      readonly desired?: Bounds;
      readonly healthy?: Bounds;
      /** How many groups have traffic. */
      readonly serving?: Bounds;
    }
  | {
      /** Computed by the stage's input function from what is recorded. */
      readonly that: boolean;
      readonly because: string;
    }
  | {
      /** How the newest finished run of a pipeline ended. Where there is none, this does not hold. */
      readonly pipeline: string;
      readonly ended: Outcome | readonly Outcome[];
    }
) & {
  /** Shown when it does not hold, besides what was found. */
  readonly because?: string;
};

/** What a `precondition` stage asks for. */
export interface PreconditionInput {
  /** All of these. */
  readonly require: readonly Requirement[];
  /** How long to wait until all hold. Default `"0s"`: looked at once, when the stage begins. */
  readonly within?: Duration;
}

const LOOK_EVERY_MS = 2000;

/**
 * Fails a run that must not go on: every requirement is looked at when the stage begins, and what does not hold is in its
 * error, all at once.
 *
 * @example
 * pipeline("release").stage("room?", precondition, () => ({ require: [{ cluster: api, healthy: { atLeast: 3 } }, { pipeline: "backup", ended: "succeeded" }] }))
 */
export const precondition: StageType<PreconditionInput, null> = {
  ...defineStage<PreconditionInput, null>({ type: "precondition", run: hold }),
  check: ({ require, within }) => checkRequirements(require, within),
};

async function hold(context: StageContext<PreconditionInput>): Promise<null> {
  const { require, within = 0 } = context.input;
  const looks = Math.ceil(parseDuration(within) / LOOK_EVERY_MS);
  let unmet = await unmetOf(require, context);
  for (let looked = 0; looked < looks && unmet.length > 0; looked += 1) {
    void context.progress(`waits: ${unmet.join("; ")}`);
    await context.sleep(LOOK_EVERY_MS);
    unmet = await unmetOf(require, context);
  }
  if (unmet.length === 0) return null;
  throw new StageError("precondition", unmet.join("; "));
}

async function unmetOf(
  require: readonly Requirement[],
  context: StageContext<PreconditionInput>,
): Promise<readonly string[]> {
  const found = await Promise.all(require.map((requirement) => look(requirement, context)));
  return found.flatMap((problems, index) => {
    const because = require[index]?.because;
    return problems.map((problem) =>
      because === undefined || problem === because ? problem : `${problem} (${because})`,
    );
  });
}

async function look(
  requirement: Requirement,
  context: StageContext<PreconditionInput>,
): Promise<readonly string[]> {
  if ("that" in requirement) return requirement.that ? [] : [requirement.because];
  return "pipeline" in requirement ? lookAtRun(requirement, context) : lookAtCluster(requirement, context);
}

async function lookAtRun(
  { pipeline, ended }: Extract<Requirement, { pipeline: string }>,
  { lastRun }: StageContext<PreconditionInput>,
): Promise<readonly string[]> {
  const last = await lastRun(pipeline);
  const wanted = typeof ended === "string" ? [ended] : ended;
  if (!last) return [`pipeline ${JSON.stringify(pipeline)} has no finished run`];
  return wanted.includes(last.outcome)
    ? []
    : [
        `the last run of ${JSON.stringify(pipeline)} (${last.run}) ended ${last.outcome}, not ${wanted.join(" or ")}`,
      ];
}

async function lookAtCluster(
  { cluster, desired, healthy, serving }: Extract<Requirement, { cluster: Cluster<unknown> }>,
  { observe }: StageContext<PreconditionInput>,
): Promise<readonly string[]> {
  const groups = (await observe(cluster)).groups.filter(({ share }) => share > 0);
  const sum = (count: "desired" | "healthy"): number =>
    groups.reduce((total, group) => total + group[count], 0);
  const problems = [
    ...outside("instances asked for", sum("desired"), desired),
    ...outside("healthy instances", sum("healthy"), healthy),
    ...outside("groups with traffic", groups.length, serving),
  ];
  return problems.map((problem) => `${clusterId(cluster)} ${problem}`);
}

function outside(what: string, count: number, { atLeast, atMost }: Bounds = {}): readonly string[] {
  return [
    ...(atLeast !== undefined && count < atLeast ? [`has ${count} ${what}, ${atLeast} needed`] : []),
    ...(atMost !== undefined && count > atMost ? [`has ${count} ${what}, ${atMost} allowed`] : []),
  ];
}
