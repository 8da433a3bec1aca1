import { ConfigurationError, type Supports } from "@gennaker/core/ports";
import { expect, test } from "vitest";
import { type RegisterTest, testProvider, virtualClock } from "../src/index.ts";
import { failures, simulated } from "./provider-on-trial.ts";

const BOTH = [true, false];
const FEATURES = (["weighted", "proportional", "switch"] as const).flatMap((traffic) =>
  (["refuse", "drain"] as const).flatMap((fencing) =>
    BOTH.flatMap((conditions) =>
      BOTH.flatMap((createOnce) =>
        BOTH.map((watch): Supports => ({ traffic, fencing, conditions, createOnce, watch, preview: watch })),
      ),
    ),
  ),
);

const nameOf = (features: Supports): string =>
  Object.entries(features)
    .map(([feature, value]) => `${feature} ${String(value)}`)
    .join(", ");

test.each(FEATURES.map((features) => [nameOf(features), features] as const))(
  "the simulated cloud keeps every promise with %s",
  async (_name, features) => {
    expect(Object.fromEntries(await failures(features))).toEqual({});
  },
);

/** The names under which the kit registers its tests, with those that it skips the runner's way. */
function registered(skip: readonly { readonly reason: string; readonly tests: readonly string[] }[]): {
  readonly names: readonly string[];
  readonly skipped: readonly string[];
} {
  const names: string[] = [];
  const skipped: string[] = [];
  const collect: RegisterTest = Object.assign((name: string) => names.push(name), {
    skip: (name: string) => skipped.push(name),
  });
  testProvider(collect, { ...simulated(virtualClock()), skip });
  return { names, skipped };
}

test("a skipped test shows with its reason", () => {
  const all = registered([]);
  const name = "traffic > where nobody is named, nobody has traffic";
  const { names, skipped } = registered([{ reason: "the balancer always has a backend", tests: [name] }]);
  expect(skipped).toEqual([`${name} (skipped: the balancer always has a backend)`]);
  expect(names).toEqual(all.names.filter((it) => it !== name));
  expect(new Set(all.names).size).toBe(all.names.length);
});

test("a skip of a test that does not exist, or without a reason, is refused with all problems at once", () => {
  const skip = [
    { reason: "", tests: ["destroy > a destroyed group is gone"] },
    { reason: "too slow", tests: ["scale > a group grows", "scale > grows"] },
  ];
  expect(() => registered(skip)).toThrow(ConfigurationError);
  expect(() => registered(skip)).toThrow(
    [
      "testProvider has 2 problems",
      "  skip: destroy > a destroyed group is gone: a reason is needed",
      '  skip: there is no test "scale > grows"',
    ].join("\n"),
  );
});
