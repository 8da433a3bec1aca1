/** A bar of so many cells, filled to a ratio of 0–1. Not full before it is, not empty when there is something. */
export function bar(ratio: number, cells = 20): string {
  const within = Math.min(1, Math.max(0, ratio));
  const rounded = Math.round(within * cells);
  const filled = within < 1 ? Math.min(rounded, cells - 1) : cells;
  const shown = within > 0 ? Math.max(1, filled) : 0;
  return "█".repeat(shown) + "░".repeat(cells - shown);
}
