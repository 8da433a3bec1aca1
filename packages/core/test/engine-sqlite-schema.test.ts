// A log that an older version wrote is brought up to date in place, by the first opening.
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { clusterId, createDelivery } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { expect, test } from "vitest";
import { LogDirectory } from "./fixtures/log-directory.ts";
import { hostFor, progress } from "./fixtures/log-host.ts";
import { collect } from "./fixtures/collect.ts";

const CLUSTER = "sim:test/here/shop-api";

function logOfSchema1(file: string): void {
  const database = new DatabaseSync(file);
  database.exec(readFileSync(new URL("fixtures/log-of-schema-1.sql", import.meta.url), "utf8"));
  database.close();
}

test("a log of the first schema is opened, with all its events, and can be asked by cluster, application and actor", async () => {
  using directory = new LogDirectory();
  logOfSchema1(directory.file);
  const delivery = createDelivery({ engine: sqlite(directory.file) });
  const runs = async (filter: object): Promise<readonly string[]> =>
    (await delivery.runs(filter)).map(({ run }) => run);
  expect(await runs({})).toEqual(["run-3", "run-2", "run-1"]);
  expect(await runs({ actor: "ana" })).toEqual(["run-1"]);
  expect(await runs({ actor: "rui" })).toEqual(["run-2"]);
  expect(await runs({ application: "shop" })).toEqual(["run-1"]);
  const [first] = await delivery.runs({ actor: "ana" });
  expect(first).toMatchObject({
    pipeline: "deploy",
    status: "succeeded",
    idempotencyKey: "ci-1",
    actor: "ana",
  });
  const events = await collect((await delivery.run("run-1")).events());
  const planned = events.find((event) => event.type === "rollout-planned");
  expect(await runs({ cluster: clusterId(planned!.cluster) })).toEqual(["run-1"]);
  expect(await runs({ cluster: CLUSTER })).toEqual([]);
  await delivery.close();
});

test("a log that was brought up to date goes on where it stood, and stays so", async () => {
  using directory = new LogDirectory();
  logOfSchema1(directory.file);
  const engine = sqlite(directory.file);
  await engine.open(hostFor());
  const before = await engine.scan(0, 1000);
  expect(before).toHaveLength(41);
  await engine.commit("run-2", -1, () => ({ events: [progress("goes on")] }));
  expect(await engine.cursor?.("chat")).toBe(before.at(-1)!.offset + 1);
  await engine.close();
  await engine.open(hostFor());
  expect((await engine.scan(0, 1000)).slice(0, -1)).toEqual(before);
  expect(await engine.cursor?.("chat")).toBe(before.at(-1)!.offset + 1);
  await engine.close();
});
