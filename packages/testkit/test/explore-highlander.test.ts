import { highlander } from "@gennaker/strategies";
import { exploreFully } from "./explore-table.ts";

exploreFully(highlander({ soak: "10s" }));
