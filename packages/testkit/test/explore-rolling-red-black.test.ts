import { rollingRedBlack } from "@gennaker/strategies";
import { exploreFully, exploreRows } from "./explore-table.ts";

const stepping = rollingRedBlack({ percentages: [50], pause: "10s" });
const asking = rollingRedBlack({ percentages: [50], validate: { roles: ["qa"], timeout: "1h" } });

exploreFully(stepping, { sizes: [1, 2, 3, 4], faults: 2 });
exploreFully(rollingRedBlack({ percentages: [100], soak: "10s" }), { sizes: [4], faults: 2 });

exploreRows({
  "when people validate each step": [asking, { size: 3 }],
  "when people validate each step of proportional traffic": [asking, { traffic: "proportional" }],
  "when stable stays warm": [rollingRedBlack({ percentages: [50], keepWarm: 1, soak: "10s" }), {}],
  "when half of the instances are enough": [
    rollingRedBlack({ percentages: [50], minHealthy: 50 }),
    { size: 4 },
  ],
  "when the cluster is empty": [stepping, { firstDeploy: true }],
  "when the cluster is empty and traffic proportional": [
    stepping,
    { firstDeploy: true, traffic: "proportional" },
  ],
  "when the cluster is empty and traffic goes to one group": [
    rollingRedBlack({ percentages: [100] }),
    { firstDeploy: true, traffic: "switch" },
  ],
  "when an older group has a part of the traffic": [stepping, { others: "serving" }],
  "when an older group has a part of proportional traffic": [
    stepping,
    { others: "serving", traffic: "proportional" },
  ],
});
