import { redBlack } from "@gennaker/strategies";
import { exploreFully } from "./explore-table.ts";

exploreFully(redBlack({ soak: "10s" }));
