const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
];
const MOST = 8;

/** Where an axis of so many milliseconds has its marks: round distances from its beginning, at most nine of them. */
export function ticks(lengthMs: number): readonly number[] {
  const days = Math.ceil(lengthMs / 86_400_000 / MOST) * 86_400_000;
  const step = STEPS_MS.find((candidate) => lengthMs / candidate <= MOST) ?? days;
  return Array.from({ length: Math.floor(lengthMs / step) + 1 }, (_, index) => index * step);
}
