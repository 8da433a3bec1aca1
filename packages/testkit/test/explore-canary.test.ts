import { canary } from "@gennaker/strategies";
import { exploreFully, exploreRows } from "./explore-table.ts";

const stepping = canary({ steps: [{ weight: 25, hold: "10s" }, 50] });
const asking = canary({
  steps: [
    { weight: 25, hold: "until-promoted" },
    { weight: 50, gate: { roles: ["qa"], timeout: "1h" } },
  ],
});

exploreFully(stepping, { sizes: [1, 2, 3, 4], faults: 2 });

exploreRows({
  "when people promote and answer": [asking, {}],
  "when people promote and answer with proportional traffic": [asking, { traffic: "proportional" }],
  "when the candidate is larger than its part": [
    canary({ steps: [{ weight: 25, size: 50, hold: "10s" }], soak: "10s" }),
    { size: 4 },
  ],
  "when half of the instances are enough": [canary({ steps: [50], minHealthy: 50 }), { size: 4 }],
  "when the cluster is empty": [stepping, { firstDeploy: true }],
  "when the cluster is empty and traffic proportional": [
    stepping,
    { firstDeploy: true, traffic: "proportional" },
  ],
  "when an older group has a part of the traffic": [stepping, { others: "serving" }],
  "when an older group has a part of proportional traffic": [
    stepping,
    { others: "serving", traffic: "proportional" },
  ],
});
