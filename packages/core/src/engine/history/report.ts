import { ConfigurationError } from "../../errors.ts";
import { deploymentsIn, type Deployment } from "../../machine/history/deployments.ts";
import { durationsOf, type PipelineDurations } from "../../machine/history/durations.ts";
import { type DeploymentFigures, figuresOf } from "../../machine/history/figures.ts";
import { timeline, type Timeline } from "../../machine/history/timeline.ts";
import type { Json } from "../../model/json.ts";
import type { Engine, RunFilter, RunSummary } from "../../ports/engine.ts";
import { readRun } from "../read-run.ts";

/** What a report is of. */
export interface ReportOptions extends Pick<RunFilter, "application" | "pipeline" | "cluster"> {
  /** Default: 30 days before `to`. Milliseconds since 1970. */
  readonly from?: number;
  /** Up to here, not included. Default: now. */
  readonly to?: number;
  /**
   * When what a run brings was committed, from the run's input: milliseconds since 1970. Default: the field `committedAt` of
   * the input, a number of milliseconds or an ISO 8601 text.
   */
  readonly committedAt?: (input: Json) => number | undefined;
}

/** What happened in a window of time, in figures. All from the log. */
export interface Report {
  readonly from: number;
  readonly to: number;
  /** Deployment frequency, lead time, change failure rate and time to restore. */
  readonly deployments: DeploymentFigures;
  /** How long the runs took that ended in the window, by pipeline and stage. */
  readonly pipelines: readonly PipelineDurations[];
}

const DAY_MS = 86_400_000;
const WINDOW_MS = 30 * DAY_MS;
// A run that began earlier than this before the window, and ended in it, is not seen.
const LONGEST_RUN_MS = 30 * DAY_MS;
const PAGE = 200;

/** Makes a report; `may` leaves runs out that somebody may not see. */
export async function reportOf(
  options: ReportOptions,
  { engine, now }: { readonly engine: Engine; readonly now: number },
  may: (run: RunSummary) => Promise<boolean>,
): Promise<Report> {
  const { committedAt = commitInInput, to = now, from = to - WINDOW_MS, ...filter } = options;
  checkWindow(from, to);
  const deployments: Deployment[] = [];
  const runs: Timeline[] = [];
  for await (const { run } of runsOf(engine, { ...filter, from: from - LONGEST_RUN_MS }, may)) {
    const events = await readRun(engine, run);
    const [first] = events;
    const input = first?.type === "run-started" ? first.input : null;
    deployments.push(...deploymentsIn(events, instantOf(committedAt(input))));
    const times = timeline(events);
    if (times.outcome !== undefined && times.to >= from && times.to < to) runs.push(times);
  }
  const own = deployments.filter((deployment) => concerns(deployment, options));
  return { from, to, deployments: figuresOf(own, { from, to }), pipelines: durationsOf(runs) };
}

async function* runsOf(
  engine: Engine,
  filter: RunFilter,
  may: (run: RunSummary) => Promise<boolean>,
): AsyncGenerator<RunSummary> {
  for (let before: string | undefined; ;) {
    const page = await engine.list({ ...filter, limit: PAGE, ...(before !== undefined && { before }) });
    for (const summary of page) if (await may(summary)) yield summary;
    before = page.at(-1)?.run;
    if (page.length < PAGE) return;
  }
}

// A run of several applications has to do with each; its rollouts have to do with one.
function concerns({ cluster, application }: Deployment, options: ReportOptions): boolean {
  return (
    (options.cluster === undefined || options.cluster === cluster) &&
    (options.application === undefined || options.application === application)
  );
}

function commitInInput(input: Json): number | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  const { committedAt } = input as { readonly committedAt?: Json };
  return typeof committedAt === "string" ? Date.parse(committedAt) : (committedAt as number | undefined);
}

function instantOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function checkWindow(from: number, to: number): void {
  if (Number.isFinite(from) && Number.isFinite(to) && from < to) return;
  throw new ConfigurationError("report", [
    `from: ${from} is not before to: ${to}; both are milliseconds since 1970`,
  ]);
}
