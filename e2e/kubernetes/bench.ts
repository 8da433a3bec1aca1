// npm run bench:kubernetes [-- --json] [-- --sizes 1,10,50,200] [-- --boots 0,5] [-- --crowd 100]
import { parseArgs } from "node:util";
import { createDelivery, type Event, type RunHandle } from "@gennaker/core";
import { redBlack } from "@gennaker/strategies";
import { connection, type KubernetesRelease } from "@gennaker/provider-kubernetes";
import { BEHAVIOUR, type Bed, DELAY, startKubernetes, whyNoKubernetes } from "../beds/kubernetes/index.ts";
import { type Cost, floor } from "./floor.ts";
import { kindOf } from "./kinds.ts";
import { openPlace, release } from "./place.ts";
import { remove } from "./residue.ts";
import { openStage, type Stage } from "./stage.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    sizes: { type: "string", default: "1,10,50,200" },
    boots: { type: "string", default: "0,5" },
    crowd: { type: "string", default: "100" },
    rounds: { type: "string", default: "3" },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const GOAL = 1.1;

/** Cost of one size: the floor and the rollout took turns, so that a busy machine is busy for both. */
interface Row {
  readonly size: number;
  /** Seconds from a pod's start until it is ready; 0: at once, as no real pod is. */
  readonly bootSeconds: number;
  readonly floorMs: number;
  /** Until the new version had the traffic: what the floor does, besides checks, claim and records. */
  readonly shiftedMs: number;
  readonly ratio: number;
  /** Until old groups were scaled down or away, too. */
  readonly rolloutMs: number;
  readonly rolloutRatio: number;
  readonly floorRequests: number;
  readonly rolloutRequests: number;
}

interface Crowd {
  readonly rollouts: number;
  readonly ms: number;
  readonly requests: number;
  readonly requestsEach: number;
  readonly memoryMb: number;
}

const why = await whyNoKubernetes();
if (why) {
  say(`skipped: ${why}`);
  if (values.json) process.stdout.write(`${JSON.stringify({ skipped: why })}\n`);
} else {
  const bed = await startKubernetes();
  try {
    const rows: Row[] = [];
    for (const boot of values.boots.split(",").map(Number))
      for (const size of values.sizes.split(",").map(Number)) {
        const row = await rowOf(bed, size, boot, Number(values.rounds));
        rows.push(row);
        say(lineOf(row));
      }
    const crowd = await crowdOf(bed, Number(values.crowd));
    say(
      `${crowd.rollouts} rollouts at once: ${crowd.ms} ms, ${crowd.requests} requests (${crowd.requestsEach} each), ` +
        `${crowd.memoryMb} MB more`,
    );
    if (values.json) process.stdout.write(`${JSON.stringify({ server: bed.version, rows, crowd })}\n`);
  } finally {
    await bed.close();
  }
}

function marked(ratio: number): string {
  return `${ratio} × ${ratio <= GOAL ? "✔" : "✖"}`;
}

function lineOf(row: Row): string {
  return (
    `${String(row.size).padStart(4)} instances, ready after ${row.bootSeconds} s: ` +
    `floor ${row.floorMs} ms, ${row.floorRequests} requests; ` +
    `red/black switched after ${row.shiftedMs} ms, ${marked(row.ratio)}, ` +
    `done after ${row.rolloutMs} ms, ${marked(row.rolloutRatio)}, ${row.rolloutRequests} requests`
  );
}

async function rowOf(bed: Bed, size: number, bootSeconds: number, rounds: number): Promise<Row> {
  const annotations = bootSeconds > 0 ? { [BEHAVIOUR]: "slow-start", [DELAY]: `${bootSeconds}s` } : {};
  const stage = await openStage({ bed, release: (image) => booting(image, annotations) });
  const bare = await openPlace(bed, "serviceSelector");
  // As warm as the provider's.
  const api = connection({ config: bed.admin.config });
  const floors: Cost[] = [];
  const rollouts: RolloutCost[] = [];
  await stage.serve("shop:0", size);
  for (let round = 1; round <= rounds; round++) {
    const image = `shop:${round}`;
    const { namespace, cluster: service } = bare;
    const name = `floor-${round}`;
    floors.push(await floor(api, { namespace, service, name, image, size, annotations }));
    rollouts.push(await rollout(stage, image));
  }
  await stage.close();
  await api.close?.();
  await bed.admin.config
    .makeApiClient((await import("@kubernetes/client-node")).CoreV1Api)
    .deleteNamespace({ name: bare.namespace });
  const [floorCost, rolloutCost] = [middle(floors), middle(rollouts)];
  return {
    size,
    bootSeconds,
    floorMs: Math.round(floorCost.ms),
    shiftedMs: Math.round(rolloutCost.shiftedMs),
    ratio: Math.round((100 * rolloutCost.shiftedMs) / floorCost.ms) / 100,
    rolloutMs: Math.round(rolloutCost.ms),
    rolloutRatio: Math.round((100 * rolloutCost.ms) / floorCost.ms) / 100,
    floorRequests: floorCost.requests,
    rolloutRequests: rolloutCost.requests,
  };
}

interface RolloutCost extends Cost {
  readonly shiftedMs: number;
}

async function rollout(stage: Stage, image: string): Promise<RolloutCost> {
  const before = requestsOf(stage);
  const since = performance.now();
  const run = await stage.deploy(image, redBlack({ deadline: "5m", keep: 1 }));
  const events: Event[] = [];
  for await (const event of run.events()) events.push(event);
  const ms = performance.now() - since;
  const outcome = await run.outcome();
  if (outcome !== "succeeded") throw new Error(`the rollout ended ${outcome}: ${await endOf(run)}`);
  const began = events[0]?.at ?? 0;
  const shifted = events.findLast(({ type }) => type === "traffic-shifted")?.at ?? Infinity;
  return { ms, shiftedMs: shifted - began, requests: requestsOf(stage) - before };
}

function booting(image: string, annotations: Readonly<Record<string, string>>): KubernetesRelease {
  const spec = { containers: [{ name: "app", image, ports: [{ name: "http", containerPort: 8080 }] }] };
  return { template: { metadata: { labels: { app: "shop" }, annotations }, spec } };
}

function requestsOf({ provider }: Pick<Stage, "provider">): number {
  return provider.requests().reduce((sum, { count }) => sum + count, 0);
}

function middle<T extends Cost>(costs: readonly T[]): T {
  const found = costs.toSorted((a, b) => a.ms - b.ms)[Math.floor(costs.length / 2)];
  if (!found) throw new Error("no round was measured");
  return found;
}

async function endOf(run: RunHandle): Promise<string> {
  for await (const event of run.events()) {
    if (event.type === "rollout-turned-back") return event.reason;
    if (event.type === "stage-failed") return event.error.message;
  }
  return run.outcome();
}

async function crowdOf(bed: Bed, count: number): Promise<Crowd> {
  const place = await openPlace(bed, "serviceSelector");
  const names = Array.from({ length: count }, (_, index) => `crowd-${index}`);
  for (const name of names)
    await bed.apply(...kindOf("serviceSelector").objects(name, place.namespace, { app: name }));
  const provider = place.provider();
  const delivery = createDelivery({ providers: [provider], strategies: [redBlack] });
  const strategy = redBlack({ size: 1, deadline: "5m" });
  const all = async (image: string): Promise<readonly string[]> =>
    Promise.all(
      names.map(async (name) =>
        endOf(await delivery.deploy({ cluster: provider.cluster(name), release: release(image), strategy })),
      ),
    );
  const first = (await all("shop:1")).find((end) => end !== "succeeded");
  if (first !== undefined) throw new Error(`a first deploy did not succeed: ${first}`);
  globalThis.gc?.();
  const memory = process.memoryUsage().rss;
  const before = requestsOf({ provider });
  const since = performance.now();
  const outcomes = await all("shop:2");
  const ms = Math.round(performance.now() - since);
  const bad = outcomes.filter((outcome) => outcome !== "succeeded");
  if (bad.length > 0) throw new Error(`${bad.length} of ${count} rollouts did not succeed: ${bad[0]}`);
  const requests = requestsOf({ provider }) - before;
  const memoryMb = Math.max(0, Math.round((process.memoryUsage().rss - memory) / 2 ** 20));
  await delivery.close();
  await provider.close();
  await remove(bed, place.namespace);
  return { rollouts: count, ms, requests, requestsEach: Math.round(requests / count), memoryMb };
}
