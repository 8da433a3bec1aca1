/** One measured budget. */
export interface Row {
  readonly budget: string;
  readonly unit: string;
  readonly measured: number;
  /** The least that anything of the kind would take or reach, measured in the same run; null where there is none. */
  readonly floor: number | null;
  /** `measured / floor`. */
  readonly ratio: number | null;
  /** For people, with its unit. */
  readonly goal: string;
  readonly met: boolean;
  /** How it was measured, what the floor is, what else was seen. */
  readonly note: string;
}

/** A limit: at most or at least so much, of the measure itself or of its ratio to the floor. */
export interface Goal {
  readonly of: "measured" | "ratio";
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Judges a measure by its goal. */
export function row(measure: Pick<Row, "budget" | "unit" | "measured" | "floor" | "note">, goal: Goal): Row {
  const { measured, floor, unit } = measure;
  const ratio = floor === null || floor === 0 ? null : measured / floor;
  const value = goal.of === "ratio" ? (ratio ?? Number.NaN) : measured;
  const { atMost = Infinity, atLeast = -Infinity } = goal;
  const limit = goal.atMost === undefined ? `≥ ${shown(atLeast)}` : `≤ ${shown(atMost)}`;
  return {
    ...measure,
    ratio,
    goal: goal.of === "ratio" ? `${limit} × floor` : `${limit} ${unit}`,
    met: value >= atLeast && value <= atMost,
  };
}

/** The rows as a table for people. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ budget, unit, measured, floor, ratio, goal, met }) => [
    met ? "✔" : "✖",
    budget,
    `${shown(measured)} ${unit}`,
    floor === null ? "" : shown(floor),
    ratio === null ? "" : `× ${shown(ratio)}`,
    goal,
  ]);
  const all = [["", "budget", "measured", "floor", "ratio", "goal"], ...cells];
  const widths = all[0]?.map((_, n) => Math.max(...all.map((line) => line[n]?.length ?? 0))) ?? [];
  return all
    .map((line) =>
      line
        .map((cell, n) => pad(cell, widths[n] ?? 0, n))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A number with as many digits as it is worth. */
function shown(value: number): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 0.01 ? 5 : digits });
}

function pad(cell: string, width: number, column: number): string {
  return column >= 2 && column <= 4 ? cell.padStart(width) : cell.padEnd(width);
}
