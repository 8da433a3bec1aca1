// The size at the end, when an autoscaler or a death comes at any moment: the rule is property S25, and it is judged at
// every command and every end. Here it is alone with its enemies, with more of them than elsewhere.
import type { Strategy } from "@gennaker/core";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { exploreStrategy } from "../src/index.ts";
import { FLAWLESS, told, verdict } from "./explore-table.ts";

const strategies = [
  redBlack({ soak: "10s" }),
  highlander({ soak: "10s" }),
  rollingRedBlack({ percentages: [50] }),
  rolling({ maxSurge: 1 }),
  canary({ steps: [25] }),
];

// Where all traffic moves at once, no way to split it can be told from another.
const modesOf = ({ modes }: Strategy): Strategy["modes"] => (modes.includes("switch") ? ["weighted"] : modes);

it.for(
  strategies.flatMap((strategy) =>
    modesOf(strategy).map((traffic) => ({ name: strategy.name, strategy, traffic })),
  ),
)(
  "$name with $traffic traffic ends at the size that the rule says, whenever autoscalers act and instances die",
  { timeout: 120_000 },
  ({ strategy, traffic }) => {
    const options = { traffic, size: 2, faults: 3, menu: ["autoscaler", "instance dies"] } as const;
    const explored = exploreStrategy(strategy, options);
    expect(told(explored)).toEqual(FLAWLESS);
    // An autoscaler really was seen and followed.
    expect(explored.coverage["size raised"]).toBeGreaterThan(0);
  },
);

it.for([redBlack({ size: 2 }), canary({ steps: [25], size: 2 }), rolling({ size: 2, maxSurge: 1 })])(
  "a fixed size stays as it is given, whatever stable becomes: $name",
  { timeout: 120_000 },
  (strategy) => {
    const options = { size: 3, faults: 2, menu: ["autoscaler", "instance dies"] } as const;
    expect(verdict(strategy, options)).toEqual(FLAWLESS);
  },
);
