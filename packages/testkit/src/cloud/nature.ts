import type { Clock } from "@gennaker/core/ports";
import type { Faults } from "./faults.ts";
import type { Random } from "./random.ts";

/** What everything in a cloud lives by: time, chance, and how often things go wrong at present. */
export interface Nature {
  readonly clock: Clock;
  readonly random: Random;
  faults: Faults;
}
