import {
  type AnyPipeline,
  type Delivery,
  defineStage,
  type Json,
  pipeline,
  type Pipeline,
} from "@gennaker/core";

const STEPS = 10;
const INPUT: Json = { image: "shop/api:1.4.2" };

const step = defineStage({ type: "step", run: ({ input }) => input });

/** Ten stages, one after the other, which do nothing: all that is measured is the engine. */
export const tenSteps: Pipeline<Json, never> = make();

function make(): Pipeline<Json, never> {
  let made: AnyPipeline = pipeline("ten-steps");
  for (let n = 1; n <= STEPS; n += 1)
    made = (made as unknown as Pipeline).stage(`step ${n}`, step, () => ({ number: n }));
  return made as Pipeline<Json, never>;
}

/** Carries out one run. */
export async function runOnce(delivery: Delivery): Promise<void> {
  const run = await delivery.start(tenSteps, INPUT);
  await run.outcome();
}

/** Starts runs so that `atOnce` are under way, for at least `forMs`; answers how many ended, and in how many ms. */
export async function runFor(
  delivery: Delivery,
  atOnce: number,
  forMs: number,
): Promise<{ readonly runs: number; readonly ms: number }> {
  const begun = performance.now();
  let runs = 0;
  const waiting = new Map<string, () => void>();
  const off = delivery.on("run-finished", ({ run }) => {
    waiting.get(run)?.();
    waiting.delete(run);
  });
  const oneAfterTheOther = async (): Promise<void> => {
    while (performance.now() - begun < forMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const { id } = await delivery.start(tenSteps, INPUT);
      waiting.set(id, resolve);
      await promise;
      runs += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
  off();
  return { runs, ms: performance.now() - begun };
}
