import type { Row } from "./row.ts";

/** Measures one budget of the design, in a process of its own. */
export type Measure = () => Promise<readonly Row[]>;

/** By name, in the order of the design's table. Each is loaded only where it is measured. */
export const BUDGETS: Readonly<Record<string, () => Promise<{ readonly measure: Measure }>>> = {
  import: () => import("./import.ts"),
  "memory-runs": () => import("./memory-runs.ts"),
  "sqlite-runs": () => import("./sqlite-runs.ts"),
  "sqlite-commits": () => import("./sqlite-commits.ts"),
  "parked-runs": () => import("./parked-runs.ts"),
  reaction: () => import("./reaction.ts"),
  exploration: () => import("./exploration.ts"),
  "demo-requests": () => import("./demo-requests.ts"),
};
