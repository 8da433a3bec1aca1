// npm run bench:kubernetes [-- --json] [-- --sizes 1,10,50,200] [-- --crowd 100]
import { parseArgs } from "node:util";
import { createDelivery, type RunHandle } from "@gennaker/core";
import { redBlack } from "@gennaker/strategies";
import { type Bed, startKubernetes, whyNoKubernetes } from "../beds/kubernetes/index.ts";
import { type Cost, floor } from "./floor.ts";
import { kindOf } from "./kinds.ts";
import { openPlace, release } from "./place.ts";
import { remove } from "./residue.ts";
import { openStage, type Stage } from "./stage.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    sizes: { type: "string", default: "1,10,50,200" },
    crowd: { type: "string", default: "100" },
    rounds: { type: "string", default: "3" },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const GOAL = 1.1;

/** Cost of one size: the floor and the rollout took turns, so that a busy machine is busy for both. */
interface Row {
  readonly size: number;
  readonly floorMs: number;
  readonly rolloutMs: number;
  readonly ratio: number;
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
    for (const size of values.sizes.split(",").map(Number)) {
      const row = await rowOf(bed, size, Number(values.rounds));
      rows.push(row);
      say(
        `${String(size).padStart(4)} instances: floor ${row.floorMs} ms, ${row.floorRequests} requests; ` +
          `red/black ${row.rolloutMs} ms, ${row.rolloutRequests} requests; ${row.ratio} × ${row.ratio <= GOAL ? "✔" : "✖"}`,
      );
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

async function rowOf(bed: Bed, size: number, rounds: number): Promise<Row> {
  const stage = await openStage({ bed });
  const bare = await openPlace(bed, "serviceSelector");
  const floors: Cost[] = [];
  const rollouts: Cost[] = [];
  await stage.serve("shop:0", size);
  for (let round = 1; round <= rounds; round++) {
    const image = `shop:${round}`;
    const { namespace, cluster: service } = bare;
    floors.push(await floor(bed.admin.config, { namespace, service, name: `floor-${round}`, image, size }));
    rollouts.push(await rollout(stage, image));
  }
  await stage.close();
  await bed.admin.config
    .makeApiClient((await import("@kubernetes/client-node")).CoreV1Api)
    .deleteNamespace({ name: bare.namespace });
  const [floorCost, rolloutCost] = [middle(floors), middle(rollouts)];
  return {
    size,
    floorMs: Math.round(floorCost.ms),
    rolloutMs: Math.round(rolloutCost.ms),
    ratio: Math.round((100 * rolloutCost.ms) / floorCost.ms) / 100,
    floorRequests: floorCost.requests,
    rolloutRequests: rolloutCost.requests,
  };
}

async function rollout(stage: Stage, image: string): Promise<Cost> {
  const before = requestsOf(stage);
  const since = performance.now();
  const { outcome, reason } = await stage.end(
    await stage.deploy(image, redBlack({ deadline: "5m", keep: 1 })),
  );
  const ms = performance.now() - since;
  if (outcome !== "succeeded") throw new Error(`the rollout ended ${outcome}: ${reason}`);
  return { ms, requests: requestsOf(stage) - before };
}

function requestsOf({ provider }: Pick<Stage, "provider">): number {
  return provider.requests().reduce((sum, { count }) => sum + count, 0);
}

function middle(costs: readonly Cost[]): Cost {
  const sorted = costs.toSorted((a, b) => a.ms - b.ms);
  return sorted[Math.floor(sorted.length / 2)] ?? { ms: 0, requests: 0 };
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
