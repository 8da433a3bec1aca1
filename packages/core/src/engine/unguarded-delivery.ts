import { ConflictError } from "../errors.ts";
import { applicationOf } from "../model/cluster.ts";
import type { RunSummary } from "../ports/engine.ts";
import type { DeployInput, DeployStage } from "../stages/deploy.ts";
import type { ActingDelivery } from "./acting-delivery.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import { dryRun } from "./dry-run.ts";
import { checkFrom, follow } from "./event-stream.ts";
import type { PruneOptions } from "./history/prune.ts";
import type { Report, ReportOptions } from "./history/report.ts";
import { unknownRun } from "./journal.ts";
import type { AnyPipeline } from "./registry.ts";
import { runHandle } from "./run-handle.ts";
import { recordRunInput } from "./run-input.ts";
import { startRun } from "./run-start.ts";
import { recordShortForm } from "./short-form.ts";
import { SWITCHES } from "./switches.ts";
import { undoOf, undoTargetsOf } from "./undo-start.ts";

/** The parts of a delivery, and what more it does everything with. */
interface OpenParts extends DeliveryParts {
  readonly ready: () => Promise<void>;
  /** Makes a report, without what `may` refuses. */
  readonly report: (options: ReportOptions, may: (run: RunSummary) => Promise<boolean>) => Promise<Report>;
  readonly prune: (options: PruneOptions) => Promise<number>;
}

/** Does what is asked, whoever asks. */
export function unguardedDelivery(using: OpenParts): ActingDelivery {
  const { ready, registry, shortForm, engine, journal, hub, clock, calls, redactor, switches } = using;

  const nameOf = (pipeline: AnyPipeline | string): string =>
    typeof pipeline === "string" ? registry.pipeline(pipeline).name : pipeline.name;
  const said = <Said extends { readonly actor?: string; readonly reason?: string }>(act: Said): Said =>
    typeof act.reason === "string" ? { ...act, reason: redactor.text(act.reason) } : act;
  // What was parked for want of this code goes on.
  const learn = (isNew: boolean): void => {
    if (isNew) using.effects.unpark();
  };

  return {
    async start(pipeline, input, options = {}) {
      learn(registry.add(pipeline));
      return startRun({ pipeline, input: await recordRunInput(pipeline, input) }, options, using);
    },
    async deploy(wanted, options = {}) {
      const input = recordShortForm(wanted, registry);
      learn(registry.learn(wanted.strategy));
      const application = applicationOf(wanted.cluster);
      return startRun({ pipeline: shortForm, input, application }, options, using);
    },
    async plan(
      pipeline: AnyPipeline | DeployStage,
      input: unknown,
      { signal }: { readonly signal?: AbortSignal } = {},
    ) {
      await ready();
      const sources = { registry, engine, clock, calls, signal: signal ?? new AbortController().signal };
      if (!("stages" in pipeline)) {
        const wanted = input as DeployInput<unknown>;
        const recorded = recordShortForm(wanted, registry);
        learn(registry.learn(wanted.strategy));
        return dryRun(shortForm, recorded, sources);
      }
      learn(registry.add(pipeline));
      return dryRun(pipeline, await recordRunInput(pipeline, input), sources);
    },
    async undoTargets(cluster, { signal } = {}) {
      await ready();
      return undoTargetsOf(cluster, using, signal);
    },
    async undo(cluster, { to, ...options } = {}) {
      await ready();
      const input = recordShortForm(await undoOf(cluster, to, using), registry);
      const application = applicationOf(cluster);
      return startRun({ pipeline: shortForm, input, application }, options, using);
    },
    async restart(id, { reason, ...options } = {}) {
      await ready();
      const old = await journal.state(id);
      if (!old) throw unknownRun(id);
      if (old.outcome === undefined)
        throw new ConflictError(`run ${id} is not over: cancel it first, then start it anew`);
      const again = { restarts: id, ...(reason !== undefined && { reason: redactor.text(reason) }) };
      const once = { idempotencyKey: `restart of ${id}`, ...options };
      const { pipeline: name, application } = old.plan;
      const pipeline = registry.pipeline(name);
      return startRun({ pipeline, input: old.input, application, again }, once, using);
    },
    async disable(pipeline, act) {
      await ready();
      await switches.disable(nameOf(pipeline), said(act));
    },
    async enable(pipeline, act = {}) {
      await ready();
      await switches.enable(nameOf(pipeline), said(act));
    },
    async disabled(pipeline) {
      await ready();
      return switches.of(nameOf(pipeline));
    },
    async run(id) {
      await ready();
      if (!(await journal.state(id))) throw unknownRun(id);
      return runHandle(id, using);
    },
    async runs(filter = {}) {
      await ready();
      const runs = await engine.list(filter);
      return filter.pipeline === SWITCHES ? runs : runs.filter(({ pipeline }) => pipeline !== SWITCHES);
    },
    events: ({ from = 0, signal } = {}) =>
      follow((offset, limit) => engine.scan(offset, limit), hub, {
        topic: "anything",
        from: checkFrom(from),
        ready,
        position: (event) => event.offset,
        last: () => false,
        ...(signal && { signal }),
      }),
    report: (options = {}) => using.report(options, async () => true),
    async prune(options = {}) {
      await ready();
      return using.prune(options);
    },
    on: (type, listener) => using.listeners.add(type, listener),
  };
}
