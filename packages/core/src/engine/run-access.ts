import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import type { Admissions } from "./admissions.ts";
import type { StreamHub } from "./event-stream.ts";
import type { Journal } from "./journal.ts";
import type { Redactor } from "./redact.ts";
import type { Switches } from "./switches.ts";

/** What handles of runs work with. */
export interface RunAccess {
  readonly ready: () => Promise<void>;
  readonly journal: Journal;
  readonly engine: Engine;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly switches: Switches;
  readonly admissions: Admissions;
}
