import { canary, rolling, rollingRedBlack } from "@gennaker/strategies";
import { exploreRows } from "./explore-table.ts";

exploreRows({
  "up to 3 faults, rolling red/black": [
    rollingRedBlack({ percentages: [50], pause: "10s" }),
    { size: 1, faults: 3 },
  ],
  "up to 3 faults, canary": [
    canary({ steps: [{ weight: 25, hold: "10s" }] }),
    { size: 1, faults: 3, traffic: "proportional" },
  ],
  "up to 3 faults, rolling": [rolling({ maxSurge: 1, pause: "10s" }), { size: 1, faults: 3 }],
});
