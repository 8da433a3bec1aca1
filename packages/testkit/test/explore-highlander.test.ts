import { highlander } from "@gennaker/strategies";
import { exploreAtOnce } from "./explore-table.ts";

exploreAtOnce(highlander({ soak: "10s" }));
