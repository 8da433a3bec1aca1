import type { AnyPipeline, Event, PipelineStage } from "@gennaker/core";
import { childOf } from "./stand-ins.ts";

/** Watches that no stage begins while its windows are closed, unless a person let it. */
export class WindowsJudge {
  readonly #stages = new Map<string, NonNullable<PipelineStage["windows"]>>();
  readonly #pipelines = new Map<string, string>();
  readonly #let = new Set<string>();

  constructor(pipelines: readonly AnyPipeline[]) {
    for (const pipeline of pipelines) this.#know(pipeline);
  }

  #know({ name, stages }: Pick<AnyPipeline, "name" | "stages">): void {
    for (const stage of stages) {
      if (stage.windows) this.#stages.set(`${name}/${stage.name}`, stage.windows);
      const child = childOf(stage.made?.type ?? stage.type);
      if (child) this.#know(child.pipeline);
    }
  }

  /** Hears of an event; what is wrong with it. */
  notice(event: Event): string | undefined {
    if (event.type === "run-started") this.#pipelines.set(event.run, event.plan.pipeline);
    if (event.type === "run-retried")
      for (const stage of event.stages) this.#let.delete(`${event.run}/${stage}`);
    if (event.type === "stage-windows-overridden") this.#let.add(`${event.run}/${event.stage}`);
    if (event.type !== "stage-started" || this.#let.has(`${event.run}/${event.stage}`)) return undefined;
    // `deploy[eu]` has the windows of `deploy`.
    const stage = event.stage.replace(/\[[^\]]*\]$/, "");
    const windows = this.#stages.get(`${this.#pipelines.get(event.run)}/${stage}`) ?? [];
    const closed = windows.map((calendar) => calendar.closed(event.at)).find((each) => each !== undefined);
    return closed && `${event.id}: stage ${event.stage} began although it is closed: ${closed.reason}`;
  }
}
