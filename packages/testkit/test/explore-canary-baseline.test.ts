import { canary } from "@gennaker/strategies";
import { exploreFully, exploreRows } from "./explore-table.ts";

const comparing = canary({ steps: [{ weight: 25, hold: "10s" }], baseline: true });

exploreFully(comparing, { sizes: [1, 2], faults: 2 });

exploreRows({
  "when three instances are compared": [comparing, { size: 3 }],
  "when a baseline grows with its step and is left out of a later one": [
    canary({ steps: [{ weight: 20, baseline: true }, { weight: 40, baseline: true }, 60] }),
    { size: 3, faults: 1 },
  ],
  "when a proportional baseline grows with its step and is left out of a later one": [
    canary({ steps: [{ weight: 20, baseline: true }, { weight: 40, baseline: true }, 60] }),
    { size: 3, faults: 1, traffic: "proportional" },
  ],
  "when half of the instances are enough to compare": [
    canary({ steps: [40], baseline: true, minHealthy: 50 }),
    { size: 4, faults: 1 },
  ],
  "when a candidate that failed is kept, but not its baseline": [
    canary({ steps: [25], baseline: true, onRollback: "keep" }),
    { size: 1 },
  ],
  "when there is nothing to compare with yet": [comparing, { firstDeploy: true }],
  "when an older group has a part of the traffic, beside a baseline": [
    comparing,
    { size: 1, others: "serving", faults: 1 },
  ],
  "when an older group has a part of proportional traffic, beside a baseline": [
    comparing,
    { size: 1, others: "serving", faults: 1, traffic: "proportional" },
  ],
});
