import type { Check } from "../model/check.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Authorizer } from "../ports/authorizer.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import type { Logger } from "../ports/logger.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Provider } from "../ports/provider.ts";
import type { SecretResolver } from "../ports/secrets.ts";
import type { Trigger } from "../ports/trigger.ts";
import type { Retention } from "./history/prune.ts";
import type { AnyPipeline, StrategyFactory } from "./registry.ts";

/** What a delivery is made of. Everything is a value passed in; nothing is looked up by name elsewhere. */
export interface DeliveryOptions {
  /** Where runs are kept. Default: in memory, gone with the process. `sqlite(file)` survives it. */
  readonly engine?: Engine;
  readonly providers?: readonly Provider<unknown>[];
  readonly pipelines?: readonly AnyPipeline[];
  /** Factories (`redBlack`, `highlander`, your own) of strategies that `delivery.deploy` uses: how they are found again after a crash. */
  readonly strategies?: readonly StrategyFactory[];
  /** Clusters in which no stage may leave traffic without a group that serves it, not even by force. */
  readonly guarded?: readonly Cluster<unknown>[];
  /** Checks that gates name: how their code is found again after a crash where a strategy was made from its recorded options. */
  readonly checks?: readonly Check<never>[];
  /** Where messages go. Default: nowhere. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /**
   * Values (of 4 characters or more) that must never be seen in a recorded error, a line of progress, a reason or a log
   * line. Inputs and outputs are recorded as they are, whatever they hold: refer to a secret in them by `secret("name")`.
   */
  readonly secrets?: readonly string[];
  /** What `secret("name")` in an input stands for; asked where the secret is used. Default: nobody knows any. */
  readonly secretResolver?: SecretResolver;
  /**
   * Who may do what; asked before each operation. Default: `allowAll`, everybody may do everything, and roles are what
   * the caller says.
   */
  readonly authorizer?: Authorizer;
  /** Who is told of runs. */
  readonly notifiers?: readonly Notifier[];
  /** What starts runs, from the opening of the log to its closing. */
  readonly triggers?: readonly Trigger[];
  /** Removes finished runs at the opening, and each hour. Default: everything is kept; see `delivery.prune`. */
  readonly retention?: Retention;
  /** For providers' calls: milliseconds for one call (default 60,000), repetitions where safe (default 5). */
  readonly calls?: { readonly timeoutMs?: number; readonly retries?: number };
  /** Makes ids of runs, without slashes. Default: UUIDs of version 7, which sort by time. */
  readonly newRunId?: () => string;
}
