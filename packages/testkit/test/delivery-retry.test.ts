// Retries of deploys, on the real engine and the simulated cloud in virtual time: everything about them is new.
import { createDelivery, deploy, type Event, pipeline, type RunHandle } from "@gennaker/core";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { simulatedCloud, virtualClock } from "../src/index.ts";

function bed() {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  let sick = true;
  cloud.behaviour(() => ({ bootMs: 2000, neverHealthy: sick }));
  const provider = cloud.provider();
  const cluster = provider.cluster("shop-api");
  cloud.seed(cluster, [{ size: 3, share: 100, release: { image: "v1" } }]);
  const delivery = createDelivery({ clock, providers: [provider] });
  const asked: Event<"judgement-requested">[] = [];
  delivery.on("judgement-requested", (event) => asked.push(event));
  return {
    clock,
    cloud,
    cluster,
    delivery,
    asked,
    heal: () => {
      sick = false;
    },
    groups: () =>
      cloud
        .world(cluster)
        .groups.map(({ name, desired, healthy, share }) => `${name} ${healthy}/${desired} ${share} %`),
  };
}
const eventsOf = async (run: RunHandle): Promise<Event[]> => {
  const events: Event[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
};

it("begins a new rollout, with a group, commands and gates of its own", async () => {
  const { clock, cluster, delivery, asked, heal, groups } = bed();
  const gate = { roles: ["qa"] };
  const strategy = redBlack({ soak: "10s", deadline: "1m", gate });
  const shape = pipeline("p").stage("ship", deploy, () => ({ cluster, release: { image: "v2" }, strategy }));
  const run = await clock.drive(delivery.start(shape, null));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  heal();
  await clock.drive(run.retryFrom("ship", { actor: "ana" }));
  await clock.runUntil(() => asked.length > 0);
  await clock.drive(run.judge("ship", { verdict: "fail", actor: "rui" }));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");

  await clock.drive(run.retryFrom("ship", { actor: "ana" }));
  await clock.runUntil(() => asked.length > 1);
  expect((await run.state()).stages[0]?.answer).toBeUndefined();
  await clock.drive(run.judge("ship", { verdict: "pass", actor: "rui" }));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(groups().at(-1)).toMatch(/3\/3 100 %$/);

  const events = await eventsOf(run);
  const planned = events.filter((event) => event.type === "rollout-planned");
  expect(planned.map(({ key, round }) => [key, round])).toEqual([
    [`${run.id}/ship`, undefined],
    [`${run.id}/ship~2`, 2],
    [`${run.id}/ship~3`, 3],
  ]);
  const commands = events.flatMap((event) => (event.type === "rollout-command-sent" ? [event.command] : []));
  expect(new Set(commands).size).toBe(commands.length);
  expect(asked.map(({ judgement }) => judgement)).toEqual(["ship~2/approve/1", "ship~3/approve/1"]);
  expect((await run.state()).stages[0]?.earlier?.map(({ status }) => status)).toEqual(["failed", "failed"]);
});

it("takes over from a rollout that failed and goes on watching", async () => {
  const { clock, cloud, cluster, delivery, heal, groups } = bed();
  heal();
  const strategy = redBlack({ soak: "10m", deadline: "1m" });
  const shape = pipeline("p").stage("ship", deploy, () => ({ cluster, release: { image: "v2" }, strategy }));
  const run = await clock.drive(delivery.start(shape, null));
  let soaking = false;
  delivery.on("rollout-phase-reached", ({ phase }) => {
    soaking ||= phase === "soak";
  });
  await clock.runUntil(() => soaking);
  cloud.sicken(cluster, "shop-api-v001");
  cloud.sicken(cluster, "shop-api-v002");
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect((await run.state()).stages[0]?.rollout?.watching).toBe(true);
  await clock.drive(run.retryFrom("ship"));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(groups().at(-1)).toBe("shop-api-v003 3/3 100 %");
});
