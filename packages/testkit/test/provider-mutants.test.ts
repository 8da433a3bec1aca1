import { expect, test } from "vitest";
import { type RegisterTest, testProvider, virtualClock } from "../src/index.ts";
import { mutants } from "./provider-mutants.ts";
import { failures, simulated } from "./provider-on-trial.ts";

const RESIDUE = "residue > nothing is left once everything is disposed of";

test.each(Object.entries(mutants))(
  "a provider that %s is caught",
  async (_name, { caughtBy, features, wrap }) => {
    const failed = await failures(features ?? {}, (provider, clock) => ({
      ...provider,
      ...wrap(provider, clock),
    }));
    expect([...failed.keys()]).toContain(caughtBy);
  },
);

test("every test of the kit has something to catch", () => {
  const caught = new Set([...Object.values(mutants).map(({ caughtBy }) => caughtBy), RESIDUE]);
  const names: string[] = [];
  const collect: RegisterTest = (name) => names.push(name);
  testProvider(collect, simulated(virtualClock()));
  expect(names.filter((name) => !caught.has(name))).toEqual([]);
});

/** How the test of what is left behind ends, when `create` gives this. */
async function residueTest(residue?: () => Promise<readonly string[]>): Promise<string> {
  const clock = virtualClock();
  const options = simulated(clock);
  const tests = new Map<string, () => Promise<void>>();
  const collect: RegisterTest = (name, run) => tests.set(name, run);
  testProvider(collect, {
    ...options,
    async create() {
      const place = await options.create();
      if (residue) return { ...place, residue };
      delete place.residue;
      return place;
    },
  });
  const run = tests.get(RESIDUE)?.() ?? Promise.reject(new Error("there is no such test"));
  return clock.drive(run).then(
    () => "passed",
    (error: Error) => error.message,
  );
}

test("what is left behind is told", async () => {
  expect(await residueTest(async () => [])).toBe("passed");
  expect(await residueTest(async () => ["shop-api-v001"])).toContain("shop-api-v001");
});

test("what a test needs and was not given is asked for", async () => {
  expect(await residueTest()).toBe("create() gave no residue: give one, or skip this test with a reason");
});
