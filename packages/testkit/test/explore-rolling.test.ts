import { rolling } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { exploreStrategy } from "../src/index.ts";
import { FAULTS } from "../src/explore/options.ts";
import { exploreFully, exploreRows } from "./explore-table.ts";

const one = rolling({ maxSurge: 1 });

exploreFully(one, { sizes: [1, 2, 3, 4], faults: 2 });

// Autoscalers and deletions move the goal; without them the peak is the strategy's own doing.
const menu = FAULTS.filter((fault) => fault !== "autoscaler" && fault !== "group is deleted");

exploreRows({
  "and never has more than the surge allows": [one, { size: 3, peak: 4, menu }],
  "and never has more than the surge allows with proportional traffic": [
    one,
    { size: 3, peak: 4, menu, traffic: "proportional" },
  ],
  "when batches pause and the last one soaks": [rolling({ maxSurge: 1, pause: "10s", soak: "10s" }), {}],
  "when half of the instances are enough": [rolling({ maxSurge: 2, minHealthy: 50 }), { size: 3 }],
  "when the cluster is empty": [one, { firstDeploy: true }],
  "when the cluster is empty and traffic proportional": [one, { firstDeploy: true, traffic: "proportional" }],
  "when an older group has a part of the traffic": [one, { others: "serving" }],
  "when an older group has a part of proportional traffic": [
    one,
    { others: "serving", traffic: "proportional" },
  ],
});

it("is told of when there are more", () => {
  const { unsafe } = exploreStrategy(one, { size: 3, peak: 3, faults: 0 });
  expect(unsafe.map(({ property }) => property)).toEqual(["S19"]);
});
