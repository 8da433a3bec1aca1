import { memory } from "@gennaker/core";
import { test } from "vitest";
import { testEngine, virtualClock } from "../src/index.ts";

testEngine(test, {
  clock: virtualClock(),
  create: async () => ({ engine: memory(), dispose: async () => {} }),
});
