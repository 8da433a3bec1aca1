// A record holds what its own stages did, and refers to everything else: it grows with its stages, not with their outputs'
// travels, and not with the runs before it.
import { expect, it } from "vitest";
import { createDelivery, defineStage, memory, type Json, type Pipeline, pipeline } from "../../src/index.ts";
import { readRun } from "../../src/engine/read-run.ts";

const LARGE = "x".repeat(10_000);
const first = defineStage<null, { manifest: string; name: string }>({
  type: "first",
  run: () => ({ manifest: LARGE, name: "small" }),
});
const uses = defineStage<string, string>({ type: "uses", run: ({ input }) => input });

/** A stage with a large output, and so many after it that use a small part of it. */
function chain(length: number): Pipeline {
  let longer = pipeline(`chain-${length}`).stage("first", first, () => null) as unknown as Pipeline<
    Json,
    { first: { name: string } }
  >;
  for (let n = 0; n < length; n += 1)
    longer = longer.stage(`use-${n}`, uses, ({ outputs }) => outputs.first.name);
  return longer;
}

async function bytesOf(length: number): Promise<number> {
  const engine = memory();
  const delivery = createDelivery({ engine });
  const run = await delivery.start(chain(length), null);
  expect(await run.outcome()).toBe("succeeded");
  const events = await readRun(engine, run.id);
  await delivery.close();
  return JSON.stringify(events).length;
}

it("grows by the same few bytes with each stage, however large the outputs before it", async () => {
  const [none, ten, forty] = [await bytesOf(0), await bytesOf(10), await bytesOf(40)];
  expect(none).toBeGreaterThan(LARGE.length);
  expect((ten - none) / 10).toBeLessThan(LARGE.length / 10);
  expect((forty - ten) / 30).toBeLessThan(((ten - none) / 10) * 1.1);
});

it("holds a large output once", async () => {
  const engine = memory();
  const delivery = createDelivery({ engine });
  const run = await delivery.start(chain(10), null);
  await run.outcome();
  const text = JSON.stringify(await readRun(engine, run.id));
  expect(text.split(LARGE)).toHaveLength(2);
  await delivery.close();
});

it("does not grow with the runs before it", async () => {
  const engine = memory();
  const delivery = createDelivery({ engine });
  const sizes: number[] = [];
  const shape = chain(3);
  for (let n = 0; n < 10; n += 1) {
    const run = await delivery.start(shape, null);
    await run.outcome();
    const events = (await readRun(engine, run.id)).map(({ at: _, offset: __, ...event }) => event);
    sizes.push(JSON.stringify(events).length);
  }
  expect(new Set(sizes).size).toBe(1);
  await delivery.close();
});
