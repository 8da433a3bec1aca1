import type { Provider, Supports } from "@gennaker/core/ports";
import { expect, test } from "vitest";
import { simulatedCloud, virtualClock } from "../src/index.ts";

const FAULTS = { lostCommand: 0.1, lostAnswer: 0.1, lateCommand: 0.3, throttled: 0.1, conflict: 0.1 };
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

/** Programs claim, speak and crash one after the other; what landed although a newer claim was answered. */
async function overtaken(
  fencing: Supports["fencing"],
  seed: number,
): Promise<{ landed: number; wrong: string[] }> {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock, seed, faults: FAULTS });
  const cluster = cloud.provider({ fencing }).cluster("shop");
  const [group = ""] = cloud.seed(cluster, [{ size: 1, share: 100 }]);
  const wrong: string[] = [];
  let newest = 0;
  cloud.onChange(({ landing }) => {
    if (landing && landing.token.epoch < newest) wrong.push(`epoch ${landing.token.epoch} after ${newest}`);
  });
  const live = async (provider: Provider, run: string): Promise<void> => {
    const epoch = await provider.claim(cluster, { run });
    newest = Math.max(newest, epoch);
    for (let size = 1; size < 6; size++) {
      const command = `${run}/${size}`;
      await provider.scaleGroup(cluster, { group, size }, { run, epoch, command }).catch(() => {});
    }
  };
  for (const [index, run] of ["a", "b", "c", "d"].entries()) {
    const provider = cloud.provider();
    void live(provider, run).catch(() => {});
    await clock.advance(((seed + 1) * (index + 1) * 1777) % 17_000);
    if (run !== "b") cloud.crash(provider);
  }
  await clock.advance(400_000);
  return { landed: cloud.history.length, wrong };
}

test.each(["refuse", "drain"] as const)(
  "once a claim is answered nothing older lands, whatever is lost, late or crashed (%s)",
  async (fencing) => {
    let landed = 0;
    for (const seed of SEEDS) {
      const story = await overtaken(fencing, seed);
      expect(story.wrong, `seed ${seed}`).toEqual([]);
      landed += story.landed;
    }
    expect(landed).toBeGreaterThan(SEEDS.length);
  },
);
