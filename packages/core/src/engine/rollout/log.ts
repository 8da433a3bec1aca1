import { InvariantError } from "../../errors.ts";
import type { NewEvent } from "../../machine/events.ts";
import type { RolloutState } from "../../machine/rollout/state.ts";
import type { RunState, StageState } from "../../machine/run/state.ts";
import type { RolloutDrive } from "./drive.ts";

/** One rollout as its log has it, and what is added to it under the fence of its effect. */
export class RolloutLog {
  readonly #drive: Pick<RolloutDrive, "journal" | "effect">;

  constructor(drive: Pick<RolloutDrive, "journal" | "effect">) {
    this.#drive = drive;
  }

  get stage(): StageState | undefined {
    return this.#run().stages[this.#drive.effect.id];
  }

  get rollout(): RolloutState | undefined {
    return this.stage?.rollout;
  }

  /** A rollout that goes on watching after its end is not. */
  get isOver(): boolean {
    const { rollout, status } = this.stage ?? {};
    if (rollout) return rollout.outcome !== undefined && !rollout.watching;
    return status !== "running" && status !== "queued";
  }

  async advance(decide: (rollout: RolloutState) => readonly NewEvent[]): Promise<void> {
    const { journal, effect } = this.#drive;
    await journal.insist(effect.run, {
      fence: effect,
      incoming: (state) => {
        const rollout = state.stages[effect.id]?.rollout;
        return decide(rollout as RolloutState);
      },
    });
  }

  #run(): RunState {
    const { journal, effect } = this.#drive;
    const state = journal.peek(effect.run);
    if (!state) throw new InvariantError(`run ${effect.run} is driven but not known`);
    return state;
  }
}
