import { redBlack } from "@gennaker/strategies";
import { expect, type Scenario } from "../scenario.ts";
import { manifest } from "../manifest.ts";
import { release } from "../place.ts";
import { openStage, type Stage, type StageOptions } from "../stage.ts";

const SOON_MS = 30_000;

/** Opens a stage, serves version 1 with two instances, does something, and sees that nothing is left over. */
export async function served(
  options: StageOptions,
  then: (stage: Stage) => Promise<string>,
  size: number = 2,
): Promise<string> {
  const stage = await openStage(options);
  let orphans: readonly string[] = [];
  let outcome: string;
  try {
    await stage.serve("shop:1", size);
    outcome = await then(stage);
  } finally {
    orphans = await stage.close();
  }
  expect(orphans.length === 0, `nothing is left over, not ${orphans.join(", ")}`);
  return outcome;
}

/** All traffic is with the first version, which has all of its instances, and nobody else is there. */
export async function asBefore(stage: Stage, size: number = 2): Promise<void> {
  const groups = await stage.groups();
  const seen = groups.map(({ name, healthy, desired, share }) => `${name} ${healthy}/${desired} ${share} %`);
  expect(seen.join() === `shop-v001 ${size}/${size} 100 %`, `all is as before, not ${seen.join()}`);
}

function bad(name: string, image: string, says: RegExp): Scenario {
  return {
    name,
    wanted: "rolled back at once",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        const strategy = redBlack({ deadline: "10m" });
        const end = await stage.end(await stage.deploy(image, strategy));
        expect(end.rolledBack, `it turns back, not ${end.outcome}`);
        expect(says.test(end.reason), `the reason says ${String(says)}, not: ${end.reason}`);
        expect(end.turnedAfterMs < SOON_MS, `it turns within ${SOON_MS} ms, not ${end.turnedAfterMs}`);
        await asBefore(stage);
        return "rolled back at once";
      }),
  };
}

/** What is wrong with the new version alone, as only pods that are played do it. */
export const playedScenarios: readonly Scenario[] = [
  bad("the new version crashes again and again", "shop:2-crash-loop", /crashes/),
  {
    name: "the new version never becomes ready",
    wanted: "rolled back",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        const end = await stage.end(await stage.deploy("shop:2-never-ready", redBlack({ deadline: "5s" })));
        expect(end.rolledBack, `it turns back, not ${end.outcome}`);
        await asBefore(stage);
        return "rolled back";
      }),
  },
  {
    name: "the new version falls ill with all traffic on it",
    wanted: "rolled back",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        const end = await stage.end(
          await stage.deploy("shop:2-ready-then-bad", redBlack({ deadline: "2m", soak: "20s" })),
        );
        expect(end.rolledBack, `it turns back, not ${end.outcome}`);
        await asBefore(stage);
        return "rolled back";
      }),
  },
];

/** What is wrong with the new version alone. */
export const candidateScenarios: readonly Scenario[] = [
  bad("the image of the new version does not exist", "shop:2-bad-image", /ImagePullBackOff/),
  {
    name: "the new version fits on no node",
    wanted: "rolled back at once",
    run: ({ bed }) =>
      served(
        {
          bed,
          release: (version) => {
            const requests = { cpu: version === "shop:1" ? "1m" : "5k" };
            return release(version, {
              patch: { spec: { containers: [{ name: "app", resources: { requests } }] } },
            });
          },
        },
        async (stage) => {
          const end = await stage.end(await stage.deploy("shop:2", redBlack({ deadline: "10m" })));
          expect(
            end.rolledBack && /no node takes it/.test(end.reason),
            `it turns back for want of a node: ${end.reason}`,
          );
          expect(end.turnedAfterMs < SOON_MS, `it turns soon, not after ${end.turnedAfterMs} ms`);
          await asBefore(stage);
          return "rolled back at once";
        },
      ),
  },
  {
    name: "the quota of the namespace is exhausted",
    wanted: "rolled back at once",
    run: ({ bed }) =>
      served({ bed }, async (stage) => {
        await bed.apply(
          manifest({
            apiVersion: "v1",
            kind: "ResourceQuota",
            metadata: {
              name: "tight",
              namespace: stage.place.namespace,
            },
            spec: { hard: { pods: "3" } },
          }),
        );
        const end = await stage.end(await stage.deploy("shop:2", redBlack({ deadline: "10m" })));
        expect(
          end.rolledBack && /exceeded quota/.test(end.reason),
          `it turns back for want of quota: ${end.reason}`,
        );
        expect(end.turnedAfterMs < SOON_MS, `it turns soon, not after ${end.turnedAfterMs} ms`);
        await asBefore(stage);
        return "rolled back at once";
      }),
  },
];
