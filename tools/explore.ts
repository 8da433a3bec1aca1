// Every history of every strategy, up to a budget of faults: all interleavings of crash, failure, ill health, cancel and
// people, on the real machine. Then the same with one rule taken away at a time, each of which must be noticed.
//
//   npm run explore -- [--strategy NAME] [--faults N] [--json]     with --json the table goes to stderr
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { type Job, jobsOf, mutantJobs } from "./explore/jobs.ts";
import { GATED, STRATEGIES } from "./explore/strategies.ts";
import type { Explored } from "./explore/worker.ts";

const { values } = parseArgs({
  options: { strategy: { type: "string" }, faults: { type: "string" }, json: { type: "boolean" } },
});
const known = [...STRATEGIES, ...GATED].map(({ name }) => name);
if (values.strategy !== undefined && !known.includes(values.strategy))
  refuse(`there is no strategy ${values.strategy}; known: ${known.join(", ")}`);
if (values.faults !== undefined && !/^\d$/.test(values.faults))
  refuse(`--faults ${values.faults}: write a number from 0 to 9`);

const faults = values.faults === undefined ? undefined : Number(values.faults);
const names = values.strategy === undefined ? known : [values.strategy];
const jobs = [...jobsOf(names, faults), ...(values.strategy === undefined ? mutantJobs() : [])];
const begun = performance.now();
const rows: Explored[] = [];
const table = values.json ? process.stderr : process.stdout;
table.write(`${line("", "strategy", "traffic", "world", "states", "unsafe", "stuck", "took")}\n`);
await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, work));
const bad = rows.filter((row) => !isGood(row));
for (const name of names) table.write(`${branches(name)}\n`);
table.write(`${summary()}\n`);
if (values.json) process.stdout.write(`${JSON.stringify(rows.map(forPrograms))}\n`);
if (bad.length > 0) process.exitCode = 1;

/** One thread, which takes the next job as soon as it is done with one. */
async function work(): Promise<void> {
  const worker = new Worker(new URL("./explore/worker.ts", import.meta.url));
  try {
    for (let job = jobs.shift(); job; job = jobs.shift()) show(await explored(worker, job));
  } finally {
    await worker.terminate();
  }
}

async function explored(worker: Worker, job: Job): Promise<Explored> {
  const answer = once(worker, "message");
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  worker.postMessage(job);
  const [row] = (await answer) as [Explored];
  return row;
}

function show(row: Explored): void {
  rows.push(row);
  const mark = isGood(row) ? "✔" : "✖";
  if ("mutant" in row) {
    if (!row.caught) table.write(`${mark} nobody missed "${row.mutant}", which should break ${row.breaks}\n`);
    return;
  }
  const { strategy, mode, options, states, unsafe, stuck, ms, complete, findings } = row;
  const { size, faults: budget, firstDeploy, others } = options;
  const world = [
    firstDeploy ? "first deploy" : `size ${size}`,
    ...(others ? [`${others} others`] : []),
    `${budget} faults`,
    ...(complete ? [] : ["NOT complete"]),
  ].join(", ");
  const took = `${(ms / 1000).toFixed(1)} s`;
  const counts = [states.toLocaleString("en-US"), String(unsafe), String(stuck), took] as const;
  table.write(`${line(mark, strategy, mode, world, ...counts)}\n`);
  for (const finding of findings) table.write(`${finding}\n\n`);
}

function forPrograms(row: Explored): object {
  if ("mutant" in row) return row;
  const { findings: _findings, coverage: _coverage, ...rest } = row;
  return rest;
}

// Which branches no world of a strategy came to; why they cannot be is in packages/testkit/test/explore-coverage.test.ts.
function branches(strategy: string): string {
  const taken = new Map<string, number>();
  for (const row of rows)
    if ("strategy" in row && row.strategy === strategy)
      for (const [mark, count] of Object.entries(row.coverage))
        taken.set(mark, (taken.get(mark) ?? 0) + count);
  const missed = [...taken].filter(([, count]) => count === 0).map(([mark]) => mark);
  const but = missed.length > 0 ? `; not ${missed.join(", ")}` : "";
  return `  ${strategy}: ${taken.size - missed.length} of ${taken.size} branches taken${but}`;
}

function isGood(row: Explored): boolean {
  return "mutant" in row ? row.caught : row.unsafe + row.stuck === 0 && row.complete;
}

function line(mark: string, ...[strategy, mode, world, ...numbers]: readonly string[]): string {
  const text = [mark.padEnd(1), strategy?.padEnd(17), mode?.padEnd(12), world?.padEnd(29)];
  return [...text, ...numbers.map((cell, index) => cell.padStart(index === 0 ? 9 : 6))].join(" ");
}

function summary(): string {
  const mutants = rows.filter((row) => "mutant" in row);
  const states = rows.reduce((sum, row) => sum + ("states" in row ? row.states : 0), 0);
  const caught = mutants.filter((row) => isGood(row)).length;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const broken = mutants.length > 0 ? `, ${caught} of ${mutants.length} planted bugs caught` : "";
  return `${bad.length === 0 ? "✔" : "✖"} ${states.toLocaleString("en-US")} states, ${bad.length} findings${broken}, ${seconds} s`;
}

function refuse(why: string): void {
  process.stderr.write(`explore: ${why}\n`);
  process.exit(2);
}
