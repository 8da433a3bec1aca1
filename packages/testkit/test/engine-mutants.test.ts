import { memory } from "@gennaker/core";
import { expect, test } from "vitest";
import { mutants } from "./engine-mutants.ts";
import { failures, surviving, tests } from "./engine-on-trial.ts";

const SURVIVES = ["opened again", "had the log before"];

test("an engine that keeps every promise is passed", async () => {
  expect(Object.fromEntries(await failures(async () => surviving()))).toEqual({});
});

test.each(Object.entries(mutants))("an engine that %s is caught", async (_name, { caughtBy, wrap }) => {
  expect([...(await failures(async () => surviving(wrap))).keys()]).toContain(caughtBy);
});

test("every test of the kit has something to catch", () => {
  const caught = new Set(Object.values(mutants).map(({ caughtBy }) => caughtBy));
  const names = [...tests(async () => surviving()).keys()];
  expect(names.filter((name) => !caught.has(name))).toEqual([]);
});

test("a log that was to end with its process, and did not, is caught", async () => {
  const shared = memory();
  const failed = await failures(async () => {
    const { engine } = surviving();
    return {
      engine: { ...engine, list: () => shared.list({}), scan: async () => [] },
      dispose: async () => {},
    };
  });
  const names = [...tests(async () => surviving()).keys()];
  const meantToSurvive = names.filter((name) => SURVIVES.some((words) => name.includes(words)));
  expect([...failed.keys()]).toEqual(expect.arrayContaining(meantToSurvive));
});
