// Goal: whatever a crash interrupts, the run ends as it would have, and nothing is done twice. Method: the real engine
// and a real SQLite log against the simulated cloud in virtual time; killed at every point, one at a time.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, createDelivery, type Engine, memory } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { redBlack } from "@gennaker/strategies";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Faults,
  type KillPoint,
  type Simulated,
  type SimulatedCloud,
  simulate,
  simulatedCloud,
  virtualClock,
  watchInvariants,
} from "../src/index.ts";

let folder = "";
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gennaker-crash-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Story {
  readonly seed?: number;
  readonly faults?: Faults;
  readonly engine: (life: number) => Engine;
  readonly kill?: (at: KillPoint) => boolean;
  readonly zombies?: boolean;
  readonly whileDown?: (cloud: SimulatedCloud, cluster: Cluster) => void;
}

interface Told extends Simulated {
  readonly violations: readonly string[];
  readonly creates: number;
  readonly groups: readonly string[];
  readonly points: readonly KillPoint[];
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
}

/** A red/black of three instances, from v001 to v002. */
async function redBlackStory(story: Story): Promise<Told> {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock, seed: story.seed ?? 1, faults: story.faults ?? {} });
  cloud.behaviour(() => ({ bootMs: 2000 }));
  const cluster = cloud.provider().cluster("shop-api");
  cloud.seed(cluster, [{ size: 3, share: 100, release: { image: "v1" } }]);
  const watch = watchInvariants(cloud, cluster, { floor: 3 });
  const points: KillPoint[] = [];
  const simulated = await simulate({
    clock,
    cloud,
    engine: story.engine,
    delivery: ({ engine, provider }) =>
      createDelivery({ engine, clock, providers: [provider], strategies: [redBlack] }),
    start: (delivery) =>
      delivery.deploy(
        { cluster, release: { image: "v2" }, strategy: redBlack({ soak: "10s" }) },
        { idempotencyKey: "ci-1" },
      ),
    kill(at) {
      points.push(at);
      return story.kill?.(at) ?? false;
    },
    ...(story.zombies && { zombies: true }),
    ...(story.whileDown && { whileDown: () => story.whileDown?.(cloud, cluster) }),
  });
  return {
    ...simulated,
    violations: watch.violations.map(({ message }) => message),
    creates: cloud.history.filter(
      ({ command, before, after }) =>
        command.do === "create-group" && after.groups.length > before.groups.length,
    ).length,
    groups: cloud
      .world(cluster)
      .groups.map(({ name, desired, healthy, share }) => `${name} ${healthy}/${desired} ${share} %`),
    points,
    cloud,
    cluster,
  };
}

const oneLog = (): (() => Engine) => {
  const log = memory();
  return () => log;
};
const oneFile = (options: { readonly takeover?: boolean } = {}): ((life: number) => Engine) => {
  const file = join(folder, `${(files += 1)}.db`);
  return (life) => sqlite({ file, ...(options.takeover && life > 0 && { takeover: true }) });
};
const CUT_OVER = ["shop-api-v001 0/0 0 %", "shop-api-v002 3/3 100 %"];

it("ends the same, having made one group, wherever it is killed", { timeout: 120_000 }, async () => {
  const { points, groups } = await redBlackStory({ engine: oneFile() });
  expect(groups).toEqual(CUT_OVER);
  expect(points.length).toBeGreaterThan(60);
  for (const { index } of points) {
    const told = await redBlackStory({ engine: oneFile(), kill: (at) => at.index === index });
    const { outcome, kills, creates, violations, groups: left } = told;
    expect({ index, outcome, kills, creates, violations, left }).toEqual({
      index,
      outcome: "succeeded",
      kills: 1,
      creates: 1,
      violations: [],
      left: CUT_OVER,
    });
  }
});

it(
  "takes the log over from a process that hangs, and what that one still does counts for nothing",
  { timeout: 120_000 },
  async () => {
    const { points } = await redBlackStory({ engine: oneLog() });
    for (const { index } of points.filter((at) => at.moment !== "tick")) {
      const told = await redBlackStory({
        engine: oneFile({ takeover: true }),
        zombies: true,
        kill: (at) => at.index === index,
      });
      const { outcome, kills, creates, violations } = told;
      expect({ index, outcome, kills, creates, violations }).toEqual({
        index,
        outcome: "succeeded",
        kills: 1,
        creates: 1,
        violations: [],
      });
    }
  },
);

it("never cuts over to a candidate that died while the engine was down", async () => {
  const { points } = await redBlackStory({ engine: oneLog() });
  const outcomes = new Set<string>();
  for (const { index } of points) {
    let died: number | undefined;
    const told = await redBlackStory({
      engine: oneLog(),
      kill: (at) => at.index === index,
      whileDown(cloud, cluster) {
        const candidate = cloud.world(cluster).groups.find(({ sequence }) => sequence === 2);
        if (!candidate || candidate.healthy === 0) return;
        cloud.sicken(cluster, candidate.name);
        died = cloud.history.length;
      },
    });
    const moved = told.cloud.history
      .slice(died ?? 0)
      .filter(
        ({ command }) =>
          died !== undefined && command.do === "set-traffic" && (command.shares["shop-api-v002"] ?? 0) > 0,
      );
    expect({ index, moved: moved.length, violations: told.violations }).toEqual({
      index,
      moved: 0,
      violations: [],
    });
    expect(told.outcome, `killed at ${index}`).toBeDefined();
    outcomes.add(told.outcome ?? "");
    const serving = told.cloud.world(told.cluster).groups.find(({ share }) => share === 100);
    expect(serving?.name).toBe(
      died === undefined || told.outcome === "succeeded" ? "shop-api-v002" : "shop-api-v001",
    );
  }
  expect([...outcomes].toSorted()).toEqual(["rolled-back", "succeeded"]);
});

it(
  "holds every invariant over many crashes, lost and late commands, throttling, conflicts and stale reads",
  { timeout: 120_000 },
  async () => {
    const faults = {
      lostCommand: 0.05,
      lostAnswer: 0.05,
      lateCommand: 0.05,
      throttled: 0.05,
      staleRead: 0.05,
      conflict: 0.05,
    };
    let kills = 0;
    for (let seed = 1; seed <= 300; seed += 1) {
      const told = await redBlackStory({
        seed,
        faults,
        engine: oneLog(),
        kill: ({ index }) => index < 200 && index % (7 + (seed % 50)) === 5,
      });
      kills += told.kills;
      const { outcome, creates, violations, groups } = told;
      expect({ seed, outcome, creates, violations, groups }).toEqual({
        seed,
        outcome: "succeeded",
        creates: 1,
        violations: [],
        groups: CUT_OVER,
      });
    }
    expect(kills).toBeGreaterThan(300);
  },
);

it(
  "comes to an end, with nobody orphaned, when instances die and boot slowly or never",
  { timeout: 120_000 },
  async () => {
    const outcomes = new Map<string, number>();
    const faults = {
      slowBoot: 0.1,
      neverHealthy: 0.3,
      dyingInstance: 0.2,
      lostAnswer: 0.05,
      autoscaler: 0.1,
    };
    for (let seed = 1; seed <= 200; seed += 1) {
      const told = await redBlackStory({
        seed,
        faults,
        engine: oneLog(),
        kill: ({ index }) => index < 200 && index % (7 + (seed % 50)) === 5,
      });
      expect({ seed, violations: told.violations }).toEqual({ seed, violations: [] });
      expect(told.outcome, `seed ${seed}`).toBeDefined();
      outcomes.set(told.outcome ?? "", (outcomes.get(told.outcome ?? "") ?? 0) + 1);
      const left = told.groups.map((group) => group.split(" ")[0]);
      const expected =
        told.outcome === "rolled-back" ? ["shop-api-v001"] : ["shop-api-v001", "shop-api-v002"];
      expect({ seed, left }).toEqual({ seed, left: expected });
    }
    expect([...outcomes.keys()].toSorted()).toEqual(["rolled-back", "succeeded"]);
  },
);
