import type { Event, EventType } from "../machine/events.ts";
import { applicationOf, clusterId, type Cluster } from "../model/cluster.ts";
import type { Permission, Resource } from "../ports/authorizer.ts";
import type { RunFilter, RunSummary } from "../ports/engine.ts";
import { checkCluster } from "../stages/deploy-input.ts";
import type { DeployInput } from "../stages/deploy.ts";
import { actorFor } from "./actor.ts";
import type { ActingDelivery, StartOptions } from "./acting-delivery.ts";
import type { PruneOptions } from "./history/prune.ts";
import type { Report, ReportOptions } from "./history/report.ts";
import { accountOf, pipelineOf, type Guard } from "./guard.ts";
import { asked, guardedRun } from "./guarded-run.ts";
import { type Journal, unknownRun } from "./journal.ts";
import type { AnyPipeline, Registry } from "./registry.ts";
import type { RunHandle } from "./run-handle.ts";
import { SHORT_FORM } from "./short-form.ts";

/** What a delivery that asks first is made of. */
export interface Asking {
  readonly guard: Guard;
  readonly journal: Journal;
  readonly registry: Registry;
  /** Makes a report, without what `may` refuses. */
  readonly report: (options: ReportOptions, may: (run: RunSummary) => Promise<boolean>) => Promise<Report>;
  /** For whom everything is done; undefined: for whom each call names. */
  readonly bound: string | undefined;
}

const RUNS_MAX = 100;
// Rights of runs that a stream has met lately.
const KNOWN_MAX = 1000;

/** The same delivery; each operation is asked for first. */
export function guardedDelivery(inner: ActingDelivery, asking: Asking): ActingDelivery {
  const { guard, journal, registry, bound } = asking;

  const handle = (run: RunHandle, reader: string | undefined): RunHandle =>
    guardedRun(run, { guard, bound, reader, plan: () => planOf(run.id) });
  const planOf = async (run: string): Promise<Parameters<typeof pipelineOf>[0]> => {
    const state = await journal.state(run);
    if (!state) throw unknownRun(run);
    return state.plan;
  };
  const acting = (options: StartOptions | undefined, what: string): StartOptions => {
    const actor = actorFor(bound, options?.actor, what);
    return actor === undefined ? { ...options } : { ...options, actor };
  };
  const toStart = async (pipeline: AnyPipeline, actor: string | undefined): Promise<void> => {
    const what = `start pipeline ${JSON.stringify(pipeline.name)}`;
    const of = resourceOf(pipeline);
    if (!registry.has(pipeline)) await guard.demand(actor, "CREATE", of, what);
    await guard.demand(actor, "EXECUTE", of, what);
  };
  const toSwitch = (
    given: AnyPipeline | string,
    actor: string | undefined,
    permission: Permission,
    what: string,
  ): Promise<void> => {
    const pipeline = typeof given === "string" ? registry.pipeline(given) : given;
    const of = `${what} pipeline ${JSON.stringify(pipeline.name)}`;
    return guard.demand(actor, permission, resourceOf(pipeline), of);
  };
  // What is no cluster is refused as such, by the operation itself.
  const onCluster = async (
    cluster: Cluster<unknown> | undefined,
    actor: string | undefined,
    permissions: readonly Permission[],
    what: string,
  ): Promise<void> => {
    if (!cluster || checkCluster(cluster).length > 0) return;
    for (const permission of permissions) {
      const of = permission === "EXECUTE" ? shortFormResource(cluster) : accountOf(cluster);
      await guard.demand(actor, permission, of, `${what} ${clusterId(cluster)}`);
    }
  };
  const mayRead = async (run: string, actor: string | undefined): Promise<boolean> => {
    const plan = await planOf(run).catch(() => undefined);
    return plan !== undefined && guard.allows(actor, "READ", pipelineOf(plan));
  };

  return {
    async start(pipeline, input, options) {
      const given = acting(options, "start");
      await toStart(pipeline, given.actor);
      return handle(await inner.start(pipeline, input, given), given.actor);
    },
    async deploy(input, options) {
      const given = acting(options, "deploy");
      await onCluster(input?.cluster, given.actor, ["EXECUTE", "WRITE"], "deploy to");
      return handle(await inner.deploy(input, given), given.actor);
    },
    async plan(pipeline: never, input: never, options: { readonly signal?: AbortSignal } = {}) {
      if (isPipeline(pipeline)) await guard.demand(bound, "READ", resourceOf(pipeline), "plan");
      else
        await onCluster((input as Partial<DeployInput<never>>)?.cluster, bound, ["READ"], "plan a deploy to");
      return inner.plan(pipeline, input, options);
    },
    async undoTargets(cluster, options) {
      await onCluster(cluster, bound, ["READ"], "look at");
      return inner.undoTargets(cluster, options);
    },
    async undo(cluster, options) {
      const given = { ...options, ...acting(options, "undo") };
      await onCluster(cluster, given.actor, ["EXECUTE", "WRITE"], "undo");
      return handle(await inner.undo(cluster, given), given.actor);
    },
    async restart(id, options) {
      const given = acting(options, "restart");
      await guard.demand(given.actor, "EXECUTE", pipelineOf(await planOf(id)), `restart run ${id}`);
      return handle(await inner.restart(id, { ...options, ...given }), given.actor);
    },
    async disable(pipeline, act) {
      const given = { ...act, ...acting(act, "disable") };
      await toSwitch(pipeline, given.actor, "WRITE", "disable");
      return inner.disable(pipeline, given);
    },
    async enable(pipeline, act) {
      const given = { ...act, ...acting(act, "enable") };
      await toSwitch(pipeline, given.actor, "WRITE", "enable");
      return inner.enable(pipeline, given);
    },
    async disabled(pipeline) {
      await toSwitch(pipeline, bound, "READ", "look at");
      return inner.disabled(pipeline);
    },
    async run(id, options) {
      const actor = actorFor(bound, options?.actor, "run");
      const run = await inner.run(id);
      if (!guard.isOpen) await guard.demand(actor, "READ", pipelineOf(await planOf(id)), `see run ${id}`);
      return handle(run, actor);
    },
    async runs(filter = {}) {
      return guard.isOpen ? inner.runs(filter) : readable(inner, filter, (run) => mayRead(run, bound));
    },
    async report(options = {}) {
      const { application: name } = options;
      if (name !== undefined)
        await guard.demand(bound, "READ", { kind: "application", name }, "make a report");
      return asking.report(options, async ({ run }) => guard.isOpen || mayRead(run, bound));
    },
    async prune(options = {}) {
      await guard.demand(bound, "ADMIN", prunedResource(options), "remove finished runs");
      return inner.prune(options);
    },
    events: (options) =>
      guard.isOpen ? inner.events(options) : allowed(inner.events(options), (run) => mayRead(run, bound)),
    on<T extends EventType>(type: T, listener: (event: Event<T>) => unknown) {
      if (guard.isOpen) return inner.on(type, listener);
      // One after the other: an event does not overtake another one whose right is still being looked up.
      let last: Promise<unknown> = Promise.resolve();
      return inner.on(type, (event) => {
        last = last.then(async () => ((await mayRead(event.run, bound)) ? listener(event) : undefined));
        const told = last;
        last = last.catch(() => {});
        return told;
      });
    },
  };
}

function isPipeline(value: unknown): value is AnyPipeline {
  return typeof value === "object" && value !== null && "stages" in value;
}

function resourceOf({ name, application }: AnyPipeline): Resource {
  return pipelineOf({ pipeline: name, ...(application !== undefined && { application }) });
}

/** A deploy without a pipeline belongs to its cluster's application. */
function shortFormResource(cluster: Cluster<unknown>): Resource {
  return pipelineOf({ pipeline: SHORT_FORM, application: applicationOf(cluster) });
}

function prunedResource({ pipeline, application }: PruneOptions): Resource {
  if (pipeline === undefined) return { kind: "application", name: application ?? "*" };
  return pipelineOf({ pipeline, ...(application !== undefined && { application }) });
}

// Page after page, until there are as many as were asked for.
async function readable(
  { runs }: Pick<ActingDelivery, "runs">,
  { limit = RUNS_MAX, ...filter }: RunFilter,
  may: (run: string) => Promise<boolean>,
): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = [];
  for (let before = filter.before; found.length < limit;) {
    const page = await runs({ ...filter, limit, ...(before !== undefined && { before }) });
    for (const summary of page) if (found.length < limit && (await may(summary.run))) found.push(summary);
    before = page.at(-1)?.run;
    if (page.length < limit || before === undefined) break;
  }
  return found;
}

function allowed(stream: AsyncIterable<Event>, may: (run: string) => Promise<boolean>): AsyncIterable<Event> {
  const known = new Map<string, boolean>();
  const sees = async (run: string): Promise<boolean> => {
    const answer = known.get(run) ?? (await may(run));
    known.set(run, answer);
    const [oldest] = known.keys();
    if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
    return answer;
  };
  return {
    [Symbol.asyncIterator]() {
      const inner = asked(async () => {}, stream)[Symbol.asyncIterator]();
      return {
        async next() {
          for (;;) {
            const step = await inner.next();
            if (step.done || (await sees(step.value.run))) return step;
          }
        },
        async return() {
          await inner.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
