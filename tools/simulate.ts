// Whole engines in virtual time: real pipelines against a cloud in which everything goes wrong, killed and started again,
// with every invariant watched. One seed is one story.
//
//   npm run simulate -- [--seeds N] [--seed K] [--json]
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { Progress } from "./progress.ts";
import type { SeedTold, Share } from "./simulate/worker.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string" }, seed: { type: "string" }, json: { type: "boolean" } },
});
const first = whole("seed", values.seed ?? "1");
const seeds = whole("seeds", values.seeds ?? (values.seed === undefined ? "1000" : "1"));
const threads = Math.min(seeds, availableParallelism());
const begun = performance.now();
const sum = { seeds: 0, crashes: 0, faults: 0, virtualMs: 0, violations: 0 };
const outcomes = new Map<string, number>();
/** In how many seeds it came to pass. */
const marks = new Map<string, number>();
const progress = new Progress(process.stderr);

await Promise.all(
  Array.from({ length: threads }, (_, index) =>
    tell({ first: first + index, last: first + seeds - 1, step: threads }),
  ),
);
progress.clear();
const seconds = (performance.now() - begun) / 1000;
const virtualDays = Math.round(sum.virtualMs / 86_400_000);
const seedsPerSecond = Math.round(sum.seeds / seconds);
const ends = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
process.stdout.write(
  `${sum.violations === 0 ? "✔" : "✖"} ${sum.seeds} seeds, ${sum.violations} violations: ${ends}\n` +
    `  ${sum.crashes} crashes, ${sum.faults} faults, ${virtualDays} virtual days in ${seconds.toFixed(1)} s (${seedsPerSecond} seeds/s on ${threads} threads)\n`,
);
if (values.json) {
  const { crashes, faults, violations } = sum;
  process.stdout.write(
    `${JSON.stringify({ seeds: sum.seeds, crashes, faults, virtualDays, violations, seedsPerSecond, marks: Object.fromEntries([...marks].toSorted(([a], [b]) => (a < b ? -1 : 1))) })}\n`,
  );
}
if (sum.violations > 0) process.exitCode = 1;

function tell(share: Share): Promise<void> {
  const worker = new Worker(new URL("./simulate/worker.ts", import.meta.url), { workerData: share });
  return new Promise((resolve, reject) => {
    worker.on("message", (told: SeedTold) => note(told));
    worker.on("error", reject);
    worker.on("exit", () => resolve());
  });
}

function note(told: SeedTold): void {
  sum.seeds += 1;
  sum.crashes += told.crashes;
  sum.faults += told.faults;
  sum.virtualMs += told.virtualMs;
  sum.violations += told.violations.length;
  outcomes.set(told.outcome, (outcomes.get(told.outcome) ?? 0) + 1);
  for (const mark of told.marks) marks.set(mark, (marks.get(mark) ?? 0) + 1);
  if (told.violations.length > 0) report(told);
  const tenth = String(Math.floor((10 * sum.seeds) / seeds));
  progress.show(
    `${sum.seeds} of ${seeds} seeds, ${sum.crashes} crashes, ${sum.violations} violations`,
    tenth,
  );
}

function report({ seed, scenario, violations }: SeedTold): void {
  progress.clear();
  for (const { invariant, message, trace } of violations.slice(0, 3))
    process.stderr.write(`✖ seed ${seed} (${scenario}): ${invariant}: ${message}\n${trace}\n`);
  process.stderr.write(`  again: npm run simulate -- --seed ${seed}\n`);
}

function whole(name: string, value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    process.stderr.write(`simulate: --${name} ${value}: write a whole number, 1 or more\n`);
    process.exit(2);
  }
  return Number(value);
}
