// npm run e2e:kubernetes [-- --json] [-- --only words]
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Bed, startKubernetes, whyNoKubernetes } from "../beds/kubernetes/index.ts";
import { type Conformance, conformance } from "./conformance.ts";
import { type Deaths, kills } from "./kills.ts";
import { type Kind, KINDS, servedKinds } from "./kinds.ts";
import { type Losses, matrix } from "./matrix.ts";
import { type ControlledGround, type Scenario, type ScenarioResult, tryScenario } from "./scenario.ts";
import { adoption } from "./scenarios/adoption.ts";
import { candidateScenarios, playedScenarios } from "./scenarios/candidate.ts";
import { connectionScenarios, serverScenarios } from "./scenarios/connection.ts";
import { peopleScenarios, playedPeopleScenarios } from "./scenarios/people.ts";
import { staleWriterScenarios } from "./scenarios/stale-writer.ts";
import { openStage } from "./stage.ts";
import { seeded } from "./seeded.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    seed: { type: "string" },
  },
});
const AT_ONCE = 3;
const CLOSE_MS = 30_000;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const why = await whyNoKubernetes();
if (why) {
  say(`skipped: ${why}`);
  if (values.json) await print({ skipped: why });
} else {
  const bed = await startKubernetes();
  try {
    const report = await everything(bed);
    if (values.json) await print(report);
    const bad = report.conformance.failed.length + report.scenarios.filter(({ ok }) => !ok).length;
    if (bad + report.orphans + report.requestsLost > 0) process.exitCode = 1;
  } finally {
    await Promise.race([bed.close(), pause(CLOSE_MS)]);
  }
  // Whatever a scenario left open must not keep the whole waiting; what the bed started ends with this process.
  process.exit();
}

function print(result: object): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(result)}\n`, () => resolve()));
}

interface Report {
  readonly server: string;
  readonly conformance: {
    readonly passed: number;
    readonly failed: readonly string[];
    readonly skipped: readonly string[];
  };
  readonly scenarios: readonly Omit<ScenarioResult, "ms">[];
  readonly orphans: number;
  readonly requests: number;
  readonly requestsLost: number;
  readonly kills: number;
  /** API requests of one red/black, by its size: the same for any, but for the watch itself. */
  readonly apiRequests: Readonly<Record<string, number>>;
  readonly seed: number;
}

async function everything(bed: Bed): Promise<Report> {
  const { control } = bed;
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  say(`Kubernetes ${bed.version}, seed ${seed}`);
  const losses: Losses = { requests: 0, lost: 0, reasons: {} };
  const deaths: Deaths = { count: 0 };
  const kinds = await servedKinds(bed);
  const anywhere: readonly Scenario[] = [
    ...candidateScenarios,
    ...peopleScenarios,
    ...staleWriterScenarios,
    ...kills(deaths, seeded(seed), kinds),
  ];
  const results = await inTurns(anywhere.filter(isWanted), AT_ONCE, (each) =>
    tryScenario(each, { bed, say }),
  );
  if (control) results.push(...(await controlled({ bed, control, say }, losses)));
  const conformed: Conformance[] = [];
  for (const kind of kinds) if (values.only === "") conformed.push(await conformance(bed, kind, say));
  const skipped = skippedIn(bed, kinds);
  for (const each of skipped) say(`skipped: ${each}`);
  const orphaned = results.filter(({ outcome }) => outcome.includes("nothing is left over")).length;
  return {
    server: bed.version,
    conformance: {
      passed: conformed.reduce((sum, { passed }) => sum + passed, 0),
      failed: conformed.flatMap(({ failed }) =>
        failed.map(({ name, error }) => `${name}: ${error.split("\n", 1)[0]}`),
      ),
      skipped: [...skipped, ...conformed.flatMap((each) => each.skipped)],
    },
    scenarios: results.map(({ name, outcome, ok }) => ({ name, outcome, ok })),
    orphans: orphaned,
    requests: losses.requests,
    requestsLost: losses.lost,
    kills: deaths.count,
    apiRequests: { redBlack1: await requestsOf(bed, 1), redBlack10: await requestsOf(bed, 10) },
    seed,
  };
}

function isWanted({ name }: { readonly name: string }): boolean {
  return values.only.split("|").some((words) => name.includes(words));
}

/** What needs power over the control plane, and pods that are played or run here. */
async function controlled(ground: ControlledGround, losses: Losses): Promise<readonly ScenarioResult[]> {
  const agent = await ground.control.agent();
  const together = [
    ...matrix(agent, losses),
    adoption(agent, losses),
    ...playedScenarios,
    ...playedPeopleScenarios,
    ...connectionScenarios,
  ];
  const run = (each: Scenario<ControlledGround>): Promise<ScenarioResult> => tryScenario(each, ground);
  return [
    ...(await inTurns(together.filter(isWanted), AT_ONCE, run)),
    ...(await inTurns(serverScenarios.filter(isWanted), 1, run)),
  ];
}

/** What a cluster of somebody's own cannot carry. */
function skippedIn({ whyNoControl }: Bed, kinds: readonly Kind[]): readonly string[] {
  const unserved = KINDS.filter((kind) => !kinds.includes(kind));
  return [
    ...unserved.map((kind) => `${kind}: the cluster does not serve its objects`),
    ...(whyNoControl === undefined ? [] : [`faults, load and played pods: ${whyNoControl}`]),
  ];
}

async function requestsOf(bed: Bed, size: number): Promise<number> {
  const stage = await openStage({ bed });
  const count = (): number => stage.provider.requests().reduce((sum, each) => sum + each.count, 0);
  await stage.serve("shop:1", size);
  const before = count();
  await stage.end(await stage.deploy("shop:2"));
  const requests = count() - before;
  await stage.close();
  return requests;
}

async function inTurns<A, B>(
  items: readonly A[],
  atOnce: number,
  work: (item: A) => Promise<B>,
): Promise<B[]> {
  const queue = [...items.entries()];
  const results: B[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
