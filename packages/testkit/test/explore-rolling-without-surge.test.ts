import { rolling } from "@gennaker/strategies";
import { FAULTS } from "../src/explore/options.ts";
import { exploreFully, exploreRows } from "./explore-table.ts";

const spare = rolling({ maxSurge: 0 });

exploreFully(spare, { sizes: [1, 2, 3, 4], faults: 2 });

// Autoscalers and deletions move the goal; without them the peak is the strategy's own doing.
const menu = FAULTS.filter((fault) => fault !== "autoscaler" && fault !== "group is deleted");

exploreRows({
  "and never has more than the size": [spare, { size: 4, peak: 4, menu }],
  "and never has more than the size with proportional traffic": [
    spare,
    { size: 3, peak: 3, menu, traffic: "proportional" },
  ],
  "when one more and one less are allowed": [
    rolling({ maxSurge: 1, maxUnavailable: 1 }),
    { size: 3, traffic: "proportional" },
  ],
});
