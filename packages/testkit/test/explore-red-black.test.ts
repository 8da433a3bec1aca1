import { redBlack } from "@gennaker/strategies";
import { exploreAtOnce } from "./explore-table.ts";

exploreAtOnce(redBlack({ soak: "10s" }));
