import type { Calls } from "./api/calls.ts";
import type { LastRecord } from "./commands/last-record.ts";
import type { Json } from "@gennaker/core/ports";
import type { Reading } from "./observe/state.ts";

/** One cluster and how it is to be treated: where commands work. */
export interface Ground extends Reading {
  readonly calls: Calls;
  readonly lastRecord: LastRecord;
  /** Name of the HorizontalPodAutoscaler that follows the traffic, if any. */
  readonly autoscaler: string | undefined;
  /** What releases that name only images are put into, if given. */
  readonly template: Json | undefined;
}
