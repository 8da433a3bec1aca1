// Everything at once: limits, runs below, waves, clearing up, operations and retries, with crashes, faults and people.
import {
  type Cluster,
  deploy,
  judgement,
  pipeline,
  type Pipeline,
  resizeGroup,
  runPipeline,
  wait,
  waves,
} from "@gennaker/core";
import type { Event } from "@gennaker/core/ports";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { simulatePipeline } from "../src/index.ts";

const clusterIn = (name: string): Cluster => ({
  provider: "simulated",
  account: "account",
  location: "virtual",
  name,
});
const [eu, us] = [clusterIn("shop-eu"), clusterIn("shop-us")];
const strategy = redBlack({ soak: "1m", deadline: "5m" });
const below = pipeline<string>("below", { concurrency: { limit: 1 }, timeout: "2h" })
  .stage("eu", deploy, ({ input }) => ({ cluster: eu, release: input, strategy }))
  .stage("grow", resizeGroup, () => ({ cluster: eu, group: "serving" as const, size: { by: 1 } }));
const above: Pipeline<string> = pipeline<string>("above", {
  concurrency: { limit: 1, policy: "newest-wins" },
})
  .stage("below", runPipeline(below), ({ input }) => input)
  .stage("us", deploy, ({ input }) => ({ cluster: us, release: input, strategy }), { after: [] })
  .stage("rest", wait, () => ({ for: "10m" }), { after: ["below", "us"] })
  .onFailure("back", deploy, () => ({ cluster: us, release: "v1", strategy }), { onCancel: true });
const everywhere: Pipeline<string> = pipeline<string>("everywhere", { concurrency: { limit: 1 } }).use(
  waves("regions", {
    waves: [["eu"], ["us"]],
    deploy: ({ input, item }) => ({ cluster: item === "eu" ? eu : us, release: input, strategy }),
    gate: { type: judgement, input: () => ({ roles: ["qa"], timeout: "1h", approvals: 2 }) },
  }),
);

/** The most runs of a pipeline that were under way at once. */
function mostAtOnce(events: readonly Event[], pipelineName: string): number {
  const of = new Set<string>();
  const at = new Set<string>();
  let most = 0;
  for (const event of events) {
    if (event.type === "run-started" && event.plan.pipeline === pipelineName) of.add(event.run);
    if (event.type === "run-admitted" && of.has(event.run)) at.add(event.run);
    if (event.type === "run-finished") at.delete(event.run);
    most = Math.max(most, at.size);
  }
  return most;
}

it("keeps limits and invariants over many seeds", { timeout: 300_000 }, async () => {
  const ends = new Set<string>();
  let retries = 0;
  for (let seed = 1; seed <= 60; seed += 1) {
    const told = await simulatePipeline(above, {
      input: "v2",
      seed,
      clusters: [eu, us].map((cluster) => ({
        cluster,
        groups: [{ size: 3, share: 100, release: "v1" }],
      })),
      crashes: 6,
      faults: { lostAnswer: 0.05, lostCommand: 0.05, lateCommand: 0.05, conflict: 0.05, neverHealthy: 0.1 },
      people: { cancel: 0.1, pause: 0.1, forcedCancel: 0.05, retry: 0.5 },
      beside: [
        { pipeline: everywhere, input: "v3", after: "40s" },
        { pipeline: above, input: "v4", after: "2m" },
        { pipeline: everywhere, input: "v5", after: "3m" },
        { pipeline: above, input: "v6", after: "4m" },
      ],
    });
    const { violations, beside, below: children, outcome } = told;
    const events = [told, ...beside, ...children]
      .flatMap((run) => run.events)
      .toSorted((a, b) => a.offset - b.offset);
    const outcomes = [outcome, ...beside.map((run) => run.outcome)];
    ends.add(outcomes.join(" "));
    expect({
      seed,
      violations: violations.map(({ invariant, message }) => `${invariant}: ${message}`),
    }).toEqual({ seed, violations: [] });
    expect({ seed, unfinished: outcomes.filter((end) => end === undefined) }).toEqual({
      seed,
      unfinished: [],
    });
    for (const name of ["above", "below", "everywhere"])
      expect({ seed, name, most: mostAtOnce(events, name) }).toMatchObject({ seed, name, most: 1 });
    retries += events.filter(({ type }) => type === "run-retried").length;
  }
  expect(ends.size).toBeGreaterThan(10);
  expect(retries).toBeGreaterThan(10);
});
