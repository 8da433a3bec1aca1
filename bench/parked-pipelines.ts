import { judgement, pipeline, type Pipeline, wait } from "@gennaker/core";
import { windows } from "@gennaker/core/windows";

/** Waits for a person. */
export const approval: Pipeline<null> = pipeline<null>("approval").stage("cut over?", judgement, () => ({
  roles: ["qa"],
}));

/** Waits for two hours. */
export const pause: Pipeline<null> = pipeline<null>("pause").stage("two hours", wait, () => ({
  for: "2h",
}));

const nightly = windows({
  timeZone: "Europe/Lisbon",
  allow: [{ days: ["sun"], from: "02:00", to: "02:01" }],
  jitter: "1m",
});

/** Held until Sunday night. */
export const held: Pipeline<null> = pipeline<null>("held", { windows: nightly }).stage("rest", wait, () => ({
  for: "2h",
}));

/** One at a time, each for two hours. */
export const queued: Pipeline<null> = pipeline<null>("queued", { concurrency: { limit: 1 } }).stage(
  "rest",
  wait,
  () => ({ for: "2h" }),
);
