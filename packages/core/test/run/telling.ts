import { ConflictError } from "../../src/errors.ts";
import type { NewEvent } from "../../src/machine/events.ts";
import { planRetry } from "../../src/machine/run/retry.ts";
import { isOver } from "../../src/machine/run/state.ts";
import type { PlannedStage } from "../../src/model/plan.ts";
import { type End, Play } from "./play.ts";
import type { Story } from "./stories.ts";

type Move = () => void;

/** One telling of a story: what can happen next, chosen by numbers, then by what brings the run to its end. */
export class Telling {
  readonly play: Play;
  readonly #story: Story;
  #retries = 0;
  #ended = 0;

  constructor(story: Story) {
    this.#story = story;
    this.play = new Play(story.plan);
  }

  tell(): void {
    for (const choice of this.#story.choices) pick(this.#moves(choice % 8), choice >> 3)?.();
    for (let steps = 0; this.play.state.outcome === undefined; steps += 1) {
      if (steps > 500) throw new Error(`the run never ends: ${JSON.stringify(this.play.statuses())}`);
      const { pausedAt } = this.play.state;
      const next = pausedAt === undefined ? (this.#work()[0] ?? this.#time()[0]) : this.#resume();
      if (!next) throw new Error(`nothing can happen any more: ${JSON.stringify(this.play.statuses())}`);
      next();
    }
  }

  #moves(kind: number): readonly Move[] {
    if (kind === 5) return [() => this.#crash()];
    if (kind === 6) return this.#acts();
    if (kind === 7) return this.#time();
    return this.#work();
  }

  #work(): readonly Move[] {
    const { play } = this;
    return play.issued.flatMap((name) => {
      const stage = play.state.plan.stages.find((each) => each.name === name)!;
      if (play.state.stages[name]?.status === "pending")
        return play.state.pausedAt === undefined ? [() => this.#begin(stage)] : [];
      return [() => this.#end(stage)];
    });
  }

  #begin(stage: PlannedStage): void {
    if (stage.conditional && this.#nextEnd() === "is not needed") this.play.end(stage.name, "is not needed");
    else this.play.start(stage.name);
  }

  #end(stage: PlannedStage): void {
    const how = this.#nextEnd();
    const { cancel } = this.play.state;
    if (cancel && stage.role === undefined && how !== "succeeds") this.play.end(stage.name, "is stopped");
    // What never ends must be ended by its time.
    else if (how === "is not needed" || (how === "never ends" && stage.timeoutMs === undefined))
      this.play.end(stage.name, "succeeds");
    else if (how === "never ends") this.#time()[0]?.();
    else this.play.end(stage.name, how);
  }

  #nextEnd(): End {
    const { ends } = this.#story;
    this.#ended += 1;
    return ends[this.#ended % ends.length]!;
  }

  #time(): readonly Move[] {
    return this.play.wakeAt === null ? [] : [() => this.play.wake()];
  }

  #resume(): Move {
    return () => this.play.tell({ type: "run-resumed", at: this.play.at });
  }

  #acts(): readonly Move[] {
    const { play } = this;
    const { state, at } = play;
    const say =
      (event: NewEvent): Move =>
      () =>
        play.tell(event);
    if (state.outcome !== undefined) return this.#retriesFrom();
    return [
      say({ type: "run-cancel-requested", at, mode: "graceful" }),
      say({ type: "run-cancel-requested", at, mode: "forced" }),
      state.pausedAt === undefined ? say({ type: "run-paused", at }) : this.#resume(),
      ...state.plan.stages
        .filter(({ name, skippable }) => skippable && !isOver(state.stages[name]!))
        .map(({ name }) => say({ type: "stage-bypassed", at, stage: name, by: "operator", reason: "known" })),
      ...this.#retriesFrom(),
    ];
  }

  #retriesFrom(): readonly Move[] {
    const { play } = this;
    if (this.#retries >= 3) return [];
    return play.state.plan.stages.flatMap(({ name }) => {
      const plan = planRetry(play.state, name);
      if ("refusal" in plan || plan.stages.length === 0) return [];
      return [
        () => {
          this.#retries += 1;
          play.tell({ type: "run-retried", at: play.at, from: name, stages: plan.stages });
        },
      ];
    });
  }

  // Whatever was under way is handed out anew; what still comes of it before counts for nothing.
  #crash(): void {
    const before = this.play.effects;
    this.play.crash();
    const { length } = this.play.log;
    for (const fence of before) {
      const late: NewEvent = { type: "stage-succeeded", at: this.play.at, stage: fence.id, output: "late" };
      if (!isRefused(() => this.play.do({ fence, incoming: [late] })) || this.play.log.length !== length)
        throw new Error(`what ${fence.id} had done before a crash was taken for its result`);
    }
  }
}

function pick(moves: readonly Move[], choice: number): Move | undefined {
  return moves[choice % Math.max(1, moves.length)];
}

function isRefused(change: () => void): boolean {
  try {
    change();
    return false;
  } catch (error) {
    return error instanceof ConflictError;
  }
}
