import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDelivery, type RunHandle } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { mortalEngine } from "@gennaker/testkit";
import type { Bed } from "../beds/kubernetes/index.ts";
import { canary, redBlack, rollingRedBlack } from "@gennaker/strategies";
import type { Kind } from "./kinds.ts";
import { openPlace, release } from "./place.ts";
import { expect, type Scenario } from "./scenario.ts";
import { openStage, STRATEGIES } from "./stage.ts";

/** How often processes died so far. */
export interface Deaths {
  count: number;
}

const ROLLOUTS = 12;
const KILLS_EACH = 3;
/** Roughly so many appends are in a rollout. */
const APPENDS = 14;

/**
 * Rollouts whose process dies around random appends and is started again. What it had said by then is still on its way and
 * lands, as after a real `kill -9`.
 */
export function kills(deaths: Deaths, random: () => number, served: readonly Kind[]): readonly Scenario[] {
  const wanted: readonly Kind[] = ["serviceSelector", "gatewayRoute", "proportional"];
  const kinds = wanted.filter((kind) => served.includes(kind));
  return Array.from({ length: ROLLOUTS }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? "serviceSelector";
    const points = Array.from({ length: KILLS_EACH }, () => Math.floor(random() * APPENDS));
    return oneOf(
      `the engine is killed around appends ${points.join(", then ")} (${kind})`,
      kind,
      points,
      index,
      deaths,
    );
  });
}

function oneOf(name: string, kind: Kind, points: readonly number[], index: number, deaths: Deaths): Scenario {
  return {
    name,
    wanted: "succeeded",
    async run({ bed }) {
      const place = await openPlace(bed, kind);
      const before = await openStage({ bed, kind, place });
      await before.serve("shop:1", 2);
      await before.delivery.close();
      const outcome = await livesOf(bed, kind, place, points, index, deaths);
      const groups = await before.groups();
      const orphans = await before.close();
      expect(orphans.length === 0, `nothing is left over, not ${orphans.join(", ")}`);
      const seen = groups.map(({ name: group, share, healthy }) => `${group} ${share} % ${healthy}`).join();
      expect(seen === "shop-v001 0 % 0,shop-v002 100 % 2", `the new version serves, not ${seen}`);
      return outcome;
    },
  };
}

type PlaceOf = Awaited<ReturnType<typeof openPlace>>;

async function livesOf(
  _bed: Bed,
  kind: Kind,
  place: PlaceOf,
  points: readonly number[],
  index: number,
  deaths: Deaths,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gennaker-kills-"));
  const strategy = strategyFor(kind, index);
  try {
    for (let life = 0; ; life++) {
      const point = points[life];
      const died = Promise.withResolvers<"died">();
      let appends = 0;
      const engine = mortalEngine(sqlite(join(folder, "log.db")), () => {
        const dies = point !== undefined && appends++ === point;
        if (dies) died.resolve("died");
        return dies;
      });
      const provider = place.provider();
      const delivery = createDelivery({ engine, providers: [provider], strategies: STRATEGIES });
      const cluster = provider.cluster(place.cluster);
      const input = { cluster, release: release("shop:2"), strategy };
      const end = delivery
        .deploy(input, { idempotencyKey: "the one" })
        .then((run: RunHandle) => run.outcome());
      end.catch(() => undefined);
      const how = await Promise.race([end, died.promise]);
      if (how === "died") {
        deaths.count++;
        await engine.bury();
        continue;
      }
      await delivery.close();
      await provider.close();
      return how;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function strategyFor(kind: Kind, index: number): ReturnType<typeof redBlack> {
  if (kind === "serviceSelector" || index % 2 === 0) return redBlack({ deadline: "2m" });
  if (kind === "gatewayRoute") return canary({ deadline: "2m", steps: [20, 60] });
  return rollingRedBlack({ deadline: "2m", percentages: [50, 100] });
}
