const FIRST_MS = 200;
const MOST_MS = 30_000;

/** How long to wait before start number `crashes + 1`: 200 ms, 400 ms, 800 ms … 30 s. */
export function backoffMs(crashes: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, Math.min(crashes, 20) - 1));
}
