import type { RolloutState } from "@gennaker/core/machine";
import type { RolloutCommand } from "@gennaker/core/ports";
import type { Measuring } from "./checks.ts";
import type { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** A command on its way into the world. */
export interface Wire {
  readonly id: string;
  readonly body: RolloutCommand;
  /** What served when it was decided. */
  readonly served: number;
  /** How many healthy instances it was seen to take away. */
  readonly takes: number;
  /** The world changed after it was looked at for this command. */
  readonly changed: boolean;
}

/** One moment of one history: the driver with its log, the world, and what is between them. */
export interface Node {
  readonly state: RolloutState;
  readonly world: World;
  readonly now: number;
  /** Dead; started but without a claim of its own; at work. */
  readonly driver: "down" | "starting" | "up";
  /** What a broken driver saw before its claim. */
  readonly glimpse: World | undefined;
  /** What its command is doing. */
  readonly wire: Wire | undefined;
  /** Commands that nobody waits for and that may still land. */
  readonly late: readonly Wire[];
  /** Measurements that the driver is making. */
  readonly measuring: readonly Measuring[];
  /** Faults left. */
  readonly left: number;
  readonly witness: Witness;
}
