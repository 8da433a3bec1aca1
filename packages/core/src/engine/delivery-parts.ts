import { uuidv7 } from "uuidv7";
import { clusterId } from "../model/cluster.ts";
import { allowAll } from "../ports/authorizer.ts";
import { systemClock } from "../ports/clock.ts";
import { silentLogger } from "../ports/logger.ts";
import type { Provider } from "../ports/provider.ts";
import { Admissions } from "./admissions.ts";
import { Children } from "./children.ts";
import type { DeliveryOptions } from "./delivery-options.ts";
import { StreamHub } from "./event-stream.ts";
import { Guard } from "./guard.ts";
import { guardedLogger } from "./guarded-logger.ts";
import { Journal } from "./journal.ts";
import { Lines } from "./lines.ts";
import { Listeners } from "./listeners.ts";
import { memory } from "./memory/memory.ts";
import { callLimits } from "./provider-calls.ts";
import { Redactor } from "./redact.ts";
import { type AnyPipeline, Registry } from "./registry.ts";
import type { RunAccess } from "./run-access.ts";
import { Secrets } from "./secrets.ts";
import { shortFormOf } from "./short-form.ts";
import { StageEffects } from "./stage-effects.ts";
import type { Surroundings } from "./surroundings.ts";
import { Switches } from "./switches.ts";
import { undoFactory } from "./undo-strategy.ts";

/** What a delivery consists of, once for each. */
export interface DeliveryParts extends Surroundings, Omit<RunAccess, "ready"> {
  readonly listeners: Listeners;
  readonly effects: StageEffects;
  /** The pipeline of `delivery.deploy`. */
  readonly shortForm: AnyPipeline;
  readonly newRunId: () => string;
}

/** Makes them; nothing is opened yet. @throws ConfigurationError with all problems of what is given */
export function deliveryParts(options: DeliveryOptions): DeliveryParts {
  const clock = options.clock ?? systemClock;
  const engine = options.engine ?? memory();
  const redactor = new Redactor(options.secrets);
  const logger = guardedLogger(options.logger ?? silentLogger, redactor);
  const registry = registryOf(options);
  const shortForm = shortFormOf(registry);
  registry.add(shortForm);
  const newRunId = options.newRunId ?? uuidv7;
  const journal = new Journal(engine, clock, logger);
  const hub = new StreamHub(clock);
  const switches = new Switches(journal, clock);
  const admissions = new Admissions(journal, clock);
  const surroundings: Surroundings = {
    journal,
    registry,
    clock,
    logger,
    redactor,
    calls: callLimits(options.calls),
    lines: new Lines(),
    children: new Children({ journal, clock }, hub, { switches, admissions }, newRunId),
    guarded: new Set((options.guarded ?? []).map(clusterId)),
    guard: new Guard(options.authorizer ?? allowAll, logger),
    secrets: new Secrets(options.secretResolver, redactor),
  };
  const effects = new StageEffects(surroundings);
  const listeners = new Listeners(logger);
  return { ...surroundings, engine, hub, switches, admissions, listeners, effects, shortForm, newRunId };
}

function registryOf({ providers, pipelines, strategies, checks }: DeliveryOptions): Registry {
  return new Registry(
    (providers ?? []) as readonly Provider[],
    pipelines ?? [],
    [...(strategies ?? []), undoFactory],
    checks,
  );
}
