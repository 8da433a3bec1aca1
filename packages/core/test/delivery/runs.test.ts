import { expect, it } from "vitest";
import {
  createDelivery,
  defineStage,
  judgement,
  pipeline,
  wait,
  type StageContext,
} from "../../src/index.ts";

const greet = defineStage({
  type: "greet",
  run: ({ input }: StageContext<{ name: string }>) => ({ text: `hello ${input.name}` }),
});

it("hands outputs on and ends succeeded", async () => {
  const p = pipeline<{ name: string }>("hello")
    .stage("first", greet, ({ input }) => ({ name: input.name }))
    .stage("second", greet, ({ outputs }) => ({ name: outputs.first.text }));
  const delivery = createDelivery({ pipelines: [p] });
  const run = await delivery.start(p, { name: "ana" }, { actor: "rui" });
  expect(await run.outcome()).toBe("succeeded");
  const types: string[] = [];
  for await (const event of run.events()) types.push(event.type);
  expect(types).toEqual([
    "run-started",
    "stage-started",
    "stage-succeeded",
    "stage-started",
    "stage-succeeded",
    "run-finished",
  ]);
  expect((await run.state()).stages[1]?.output).toEqual({ text: "hello hello ana" });
  await delivery.close();
});
