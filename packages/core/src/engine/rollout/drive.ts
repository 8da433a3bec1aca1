import type { Json } from "../../model/json.ts";
import type { Strategy } from "../../model/phase.ts";
import type { Clock } from "../../ports/clock.ts";
import type { IssuedEffect } from "../../ports/engine.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Bell } from "../bell.ts";
import type { CheckCode } from "../check-code.ts";
import type { Journal } from "../journal.ts";
import type { Measurements } from "../measurements.ts";
import type { ProviderCalls } from "../provider-calls.ts";
import type { Redactor } from "../redact.ts";
import type { Secrets } from "../secrets.ts";

/** What a driver works with. */
export interface RolloutDrive {
  readonly effect: IssuedEffect;
  readonly calls: ProviderCalls;
  readonly release: Json;
  /** An existing group to bring back. */
  readonly group: string | undefined;
  /** Only while this group serves. */
  readonly replaces: string | undefined;
  /** Needed until the rollout is planned. */
  readonly strategy: () => Promise<Strategy>;
  readonly checks: CheckCode;
  readonly measurements: Measurements;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly bell: Bell;
  readonly redactor: Redactor;
  readonly secrets: Secrets;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}
