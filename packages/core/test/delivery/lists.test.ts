// Stages made of lists and fragments, on the real engine.
import { expect, expectTypeOf, it } from "vitest";
import { defineStage, type Pipeline, pipeline, type RunHandle, type StageContext } from "../../src/index.ts";
import { closingDeliveries } from "../fixtures/closing-deliveries.ts";

const deliver = closingDeliveries();
const shown = async (run: RunHandle): Promise<string> =>
  (await run.state()).stages.map(({ name, status }) => `${name} ${status}`).join(", ");
const outputOf = async (run: RunHandle, stage: string): Promise<unknown> =>
  (await run.state()).stages.find(({ name }) => name === stage)?.output;

const ship = defineStage({
  type: "ship",
  run: ({ input }: StageContext<{ region: string; image: string }>) => {
    if (input.image === "bad") throw new Error(`no room in ${input.region}`);
    return { url: `https://${input.region}/${input.image}` };
  },
});
const say = defineStage({
  type: "say",
  run: ({ input }: StageContext<{ said: readonly string[] }>) => input.said,
});

it("makes a matrix of a list that is written down, with outputs by name", async () => {
  const shape = pipeline<{ image: string }>("p")
    .matrix("ship", ["eu", "us"], ship, ({ input, item }) => {
      expectTypeOf(item).toEqualTypeOf<"eu" | "us">();
      return { region: item, image: input.image };
    })
    .stage("say", say, ({ outputs }) => {
      expectTypeOf(outputs.ship.eu).toEqualTypeOf<{ url: string } | undefined>();
      return { said: [outputs.ship.eu?.url ?? "", outputs.ship.us?.url ?? ""] };
    });
  const run = await deliver().start(shape, { image: "v2" });
  expect(await run.outcome()).toBe("succeeded");
  expect(await shown(run)).toBe("ship[eu] succeeded, ship[us] succeeded, say succeeded");
  expect(await outputOf(run, "say")).toEqual(["https://eu/v2", "https://us/v2"]);
});

it("makes a matrix of the run's input, frozen when it starts, so many at once", async () => {
  const shape = pipeline<{ regions: { name: string; image: string }[] }>("p").matrix(
    "ship",
    (input) => input.regions,
    ship,
    ({ item }) => ({ region: item.name, image: item.image }),
    { atOnce: 2 },
  );
  const regions = ["eu", "us", "ap"].map((name) => ({ name, image: "v2" }));
  const run = await deliver().start(shape, { regions });
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages.map(({ name, after }) => [name, after])).toEqual([
    ["ship[eu]", []],
    ["ship[us]", []],
    ["ship[ap]", ["ship[eu]"]],
  ]);
});

it("goes on past a matrix of nothing, in order", async () => {
  const shape = pipeline<{ regions: string[] }>("p")
    .stage("first", say, () => ({ said: [] }))
    .matrix(
      "ship",
      (input) => input.regions,
      ship,
      ({ item }) => ({ region: item, image: "v2" }),
    )
    .stage("last", say, ({ outputs }) => ({ said: Object.keys(outputs.ship ?? {}) }));
  const run = await deliver().start(shape, { regions: [] });
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages.map(({ name, after }) => [name, after])).toEqual([
    ["first", []],
    ["last", ["first"]],
  ]);
});

it("finds a list later, adds its stages to the plan by an event, and hands their outputs on together", async () => {
  const find = defineStage({ type: "find", run: () => ["eu", "us"] });
  const shape = pipeline("p")
    .stage("find", find, () => null)
    .expand(
      "ship",
      ({ outputs }) => outputs.find,
      ship,
      ({ item }) => ({ region: item, image: item === "us" ? "bad" : "v2" }),
      { onFailure: "ignore", when: ({ item }) => item !== "nowhere" },
    )
    .stage("say", say, ({ outputs }) => ({
      said: Object.entries(outputs.ship).map(([at, shipped]) => `${at} ${shipped?.url}`),
    }));
  const run = await deliver().start(shape, null);
  expect(await run.outcome()).toBe("succeeded");
  expect(await shown(run)).toBe(
    "find succeeded, ship succeeded, ship[eu] succeeded, ship[us] failed, say succeeded",
  );
  expect(await outputOf(run, "say")).toEqual(["eu https://eu/v2"]);
  const events = [];
  for await (const event of run.events()) events.push(event);
  const expanded = events.find((event) => event.type === "plan-expanded");
  expect(expanded?.stages.map(({ name }) => name)).toEqual(["ship[eu]", "ship[us]"]);
});

it.each([
  [
    "too long",
    () => Array.from({ length: 4 }, (_, n) => `r${n}`),
    "items: 4 are more than the 3 that it may have (max)",
  ],
  ["with an item twice", () => ["eu", "eu"], 'items: "eu" is there twice; give each its own name'],
  ["with a nameless item", () => ["eu", ""], "items[1]: must be a text, or an object with a name"],
  ["with a bracket in a name", () => ["eu[1]"], "items[0]: must be a text, or an object with a name"],
  [
    "that takes the name of a stage",
    () => ["there"],
    'items: there is a stage "ship[there]" already; rename it',
  ],
  ["that is none", () => "eu" as never, "items: must be a list"],
])("fails an expand stage with a list %s", async (_, list, problem) => {
  const shape = pipeline("p")
    .stage("ship[there]", say, () => ({ said: [] }))
    .expand("ship", list, ship, () => ({ region: "eu", image: "v2" }), { max: 3 });
  const run = await deliver().start(shape, null);
  expect(await run.outcome()).toBe("failed");
  expect((await run.state()).reason).toContain(problem);
});

it("refuses to start with a list of the input that is wrong, and to be made with one that is written so", async () => {
  const shape = pipeline<{ regions: string[] }>("p")
    .matrix(
      "ship",
      (input) => input.regions,
      ship,
      () => ({ region: "eu", image: "v2" }),
      { max: 2 },
    )
    .matrix(
      "again",
      () => {
        throw new Error("no such field");
      },
      ship,
      () => ({ region: "eu", image: "v2" }),
    );
  await expect(deliver().start(shape, { regions: ["a", "b", "b"] })).rejects.toThrow(
    /stage "ship"  items: 3 are more than the 2[^]*stage "again"  its list threw: no such field/,
  );
  const written = pipeline("p").matrix("ship", ["eu", "eu"], ship, () => ({ region: "eu", image: "v2" }), {
    atOnce: 0,
  });
  expect(written.problems).toEqual([
    'stage "ship"  items: "eu" is there twice; give each its own name',
    'stage "ship"  atOnce: 0 is not a whole number from 1 on',
  ]);
});

it("uses fragments: functions that add the same stages to several pipelines", async () => {
  const checked = <Input, Outputs extends { readonly ship: { readonly url: string } }>(
    on: Pipeline<Input, Outputs>,
  ) => on.stage("check", say, ({ outputs }) => ({ said: [outputs.ship.url] }), { after: ["ship"] });
  const shape = pipeline<{ image: string }>("p")
    .stage("ship", ship, ({ input }) => ({ region: "eu", image: input.image }))
    .use(checked)
    .stage("end", say, ({ outputs }) => {
      expectTypeOf(outputs.check).toEqualTypeOf<readonly string[]>();
      return { said: outputs.check };
    });
  const run = await deliver().start(shape, { image: "v2" });
  expect(await run.outcome()).toBe("succeeded");
  expect(await outputOf(run, "end")).toEqual(["https://eu/v2"]);
});
