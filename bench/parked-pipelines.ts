import { judgement, pipeline, type Pipeline, wait } from "@gennaker/core";

/** Waits for a person. */
export const approval: Pipeline<null> = pipeline<null>("approval").stage("cut over?", judgement, () => ({
  roles: ["qa"],
}));

/** Waits for two hours. */
export const pause: Pipeline<null> = pipeline<null>("pause").stage("two hours", wait, () => ({
  for: "2h",
}));
