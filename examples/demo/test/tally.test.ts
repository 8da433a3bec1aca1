import { expect, it } from "vitest";
import { Counter } from "../load/tally.ts";

it("counts answers by version, errors by reason, and errors of the ill version apart", () => {
  const counter = new Counter(0);
  for (let n = 0; n < 4; n += 1) counter.sent();
  counter.answered("v1", 3);
  counter.answered("v2", 4);
  counter.failed("ECONNRESET");
  counter.sick();
  expect(counter.tally(10)).toMatchObject({
    sent: 4,
    failed: 1,
    sick: 1,
    versions: { v1: 1, v2: 1 },
    reasons: { ECONNRESET: 1 },
  });
});

it("gives the rate and the 99th percentile of the last second, not of all time", () => {
  const counter = new Counter(0);
  for (let n = 1; n <= 1000; n += 1) {
    counter.sent();
    counter.answered("v1", n > 985 ? 400 : 5);
  }
  expect(counter.tally(500)).toMatchObject({ perSecond: 2000, p99: 400.25 });
  expect(counter.tally(1000)).toMatchObject({ perSecond: 1000, p99: 400.25 });
  for (let n = 1; n <= 500; n += 1) {
    counter.sent();
    counter.answered("v1", 5);
  }
  expect(counter.tally(1900)).toMatchObject({ perSecond: 1000, p99: 400.25 });
  expect(counter.tally(2000)).toMatchObject({ perSecond: 500, p99: 5.25 });
});

it("counts an answer of any slowness", () => {
  const counter = new Counter(0);
  counter.answered("v1", 1e9);
  expect(counter.tally(1000).p99).toBe(2000);
});
