import { expect, test } from "vitest";
import { Rotation } from "../balancer/rotation.ts";

const turns = (weights: Record<string, number>, count: number): string => {
  const rotation = new Rotation(Object.entries(weights).map(([name, weight]) => ({ name, weight })));
  return Array.from({ length: count }, () => rotation.next()?.name ?? "-").join("");
};

test("turns follow the weights, spread evenly", () => {
  expect(turns({ a: 3, b: 1 }, 8)).toBe("aabaaaba");
});

test("over a hundred turns everybody gets exactly its percentage", () => {
  const taken = turns({ a: 63, b: 30, c: 7 }, 100);
  expect(["a", "b", "c"].map((name) => taken.split(name).length - 1)).toEqual([63, 30, 7]);
});

test("who has no weight has no turn, and without any weight nobody has", () => {
  expect(turns({ a: 0, b: 5 }, 3)).toBe("bbb");
  expect(turns({ a: 0 }, 2)).toBe("--");
});
