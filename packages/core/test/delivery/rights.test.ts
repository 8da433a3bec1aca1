import { expect, it } from "vitest";
import {
  type ActingDelivery,
  type Authorizer,
  defineStage,
  type Delivery,
  type DeliveryOptions,
  DeniedError,
  judgement,
  memory,
  type Permission,
  pipeline,
  roles,
  type RunHandle,
  runPipeline,
} from "../../src/index.ts";
import { closingDeliveries } from "../fixtures/closing-deliveries.ts";
import { collect } from "../fixtures/collect.ts";

const work = defineStage({ type: "work", run: () => null });
const asking = pipeline("promote", { application: "shop" })
  .stage("work", work, () => null)
  .stage("cut over?", judgement, () => ({ roles: ["qa"] }));
const other = pipeline("other", { application: "mail" }).stage("work", work, () => null);

const delivering = closingDeliveries();
function deliver(authorizer: Authorizer, options: DeliveryOptions = {}): Delivery {
  return delivering({ pipelines: [asking, other], ...options, authorizer });
}

/** Ana may do what is named, on everything; the boss may do all. */
const anaMay = (...may: readonly Permission[]): Authorizer =>
  roles({
    members: { dev: ["ana"], boss: ["bo"], qa: ["rui"] },
    grants: [
      { to: "dev", may },
      { to: "boss", may: ["ADMIN"] },
      { to: "qa", may: ["JUDGE"] },
    ],
  });

async function askedBy(delivery: Delivery): Promise<RunHandle> {
  const run = await delivery.as("bo").start(asking, null);
  for await (const { type } of run.events()) if (type === "judgement-requested") break;
  return run;
}

const OPERATIONS: readonly {
  readonly name: string;
  readonly needs: Permission;
  readonly act: (ana: ActingDelivery, run: RunHandle, delivery: Delivery) => Promise<unknown>;
}[] = [
  { name: "start", needs: "EXECUTE", act: (ana) => ana.start(asking, null) },
  {
    name: "start what is not registered",
    needs: "CREATE",
    act: (ana) =>
      ana.start(
        pipeline("new").stage("work", work, () => null),
        null,
      ),
  },
  { name: "plan", needs: "READ", act: (ana) => ana.plan(asking, null) },
  { name: "run", needs: "READ", act: (ana, { id }) => ana.run(id) },
  { name: "cancel", needs: "EXECUTE", act: (_, run) => run.cancel({ actor: "ana" }) },
  {
    name: "cancel by force",
    needs: "EXECUTE",
    act: (_, run) => run.cancel({ actor: "ana", mode: "forced" }),
  },
  { name: "pause", needs: "EXECUTE", act: (_, run) => run.pause({ actor: "ana" }) },
  { name: "resume", needs: "EXECUTE", act: (_, run) => run.resume({ actor: "ana" }) },
  { name: "promote", needs: "EXECUTE", act: (_, run) => run.promote("work", { actor: "ana" }) },
  {
    name: "judge",
    needs: "JUDGE",
    act: (_, run) => run.judge("cut over?", { actor: "ana", verdict: "pass", roles: ["qa"] }),
  },
  { name: "skip", needs: "EXECUTE", act: (_, run) => run.skip("cut over?", { actor: "ana" }) },
  { name: "retry", needs: "EXECUTE", act: (_, run) => run.retryFrom("work", { actor: "ana" }) },
  {
    name: "override",
    needs: "ADMIN",
    act: (_, run) => run.override("cut over?", { actor: "ana", reason: "hotfix" }),
  },
  { name: "restart", needs: "EXECUTE", act: (ana, { id }) => ana.restart(id) },
  { name: "disable", needs: "WRITE", act: (ana) => ana.disable(asking, { reason: "no" }) },
  { name: "enable", needs: "WRITE", act: (ana) => ana.enable("promote") },
  { name: "ask whether it is disabled", needs: "READ", act: (ana) => ana.disabled("promote") },
];
const ALL: readonly Permission[] = ["READ", "EXECUTE", "WRITE", "CREATE", "JUDGE"];

it.each(OPERATIONS)(
  "refuses to $name without $needs, names it, and changes nothing",
  async ({ needs, act }) => {
    const delivery = deliver(anaMay(...ALL.filter((permission) => permission !== needs)));
    const run = await askedBy(delivery);
    const unbound = await delivery.run(run.id, { actor: "bo" });
    const before = await run.state();
    const denied = await act(delivery.as("ana"), unbound, delivery).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(denied).toBeInstanceOf(DeniedError);
    expect(denied).toMatchObject({
      code: "GENNAKER_DENIED",
      actor: "ana",
      permission: needs,
      retryable: false,
    });
    expect((denied as Error).message).toMatch(new RegExp(`^"ana" may not .*: ${needs} on pipeline "\\w+"`));
    expect(await run.state()).toEqual(before);
    expect((await delivery.as("bo").runs()).map(({ run: id }) => id)).toEqual([run.id]);
  },
);

it("records nothing of what it refused", async () => {
  const engine = memory();
  const delivery = deliver(anaMay("READ"), { engine });
  const run = await askedBy(delivery);
  const before = await engine.scan(0, 100);
  const mine = await delivery.as("ana").run(run.id);
  await expect(mine.cancel()).rejects.toThrow(
    `"ana" may not cancel run ${run.id}: EXECUTE on pipeline "promote" of application "shop" is missing; nothing was changed`,
  );
  await expect(mine.judge("cut over?", { verdict: "pass", actor: "ana" })).rejects.toThrow(/JUDGE/);
  await expect(delivery.as("ana").start(asking, null)).rejects.toThrow(DeniedError);
  expect(await engine.scan(0, 100)).toEqual(before);
});

it("takes roles for judgements from the authorizer, whatever the caller says", async () => {
  const delivery = deliver(anaMay("READ", "JUDGE"));
  const run = await askedBy(delivery);
  const mine = await delivery.run(run.id, { actor: "ana" });
  await expect(mine.judge("cut over?", { verdict: "pass", actor: "ana", roles: ["qa"] })).rejects.toThrow(
    "ana is not one of qa",
  );
  await mine.judge("cut over?", { verdict: "pass", actor: "rui", roles: [] });
  expect(await run.outcome()).toBe("succeeded");
});

it("takes roles from the caller where everybody may do everything", async () => {
  const delivery = delivering();
  const run = await delivery.start(asking, null);
  for await (const { type } of run.events()) if (type === "judgement-requested") break;
  await expect(run.judge("cut over?", { verdict: "pass", actor: "ana", roles: ["dev"] })).rejects.toThrow(
    "ana is not one of qa",
  );
  await run.judge("cut over?", { verdict: "pass", actor: "ana" });
  expect(await run.outcome()).toBe("succeeded");
});

it("acts for the actor that a delivery was made for, records the name, and refuses another", async () => {
  const delivery = deliver(anaMay("READ", "EXECUTE"));
  const run = await delivery.as("ana").start(asking, null);
  await run.pause();
  const events = await collect(run.events({ signal: soon(run) }));
  expect(events.map(({ type, actor }) => [type, actor])).toEqual(
    expect.arrayContaining([
      ["run-started", "ana"],
      ["run-paused", "ana"],
    ]),
  );
  await expect(run.resume({ actor: "bo" })).rejects.toThrow('this delivery acts for "ana", not for "bo"');
});

// Aborts once the pause is in the log.
function soon(run: RunHandle): AbortSignal {
  const stop = new AbortController();
  void (async () => {
    for await (const { type } of run.events()) if (type === "run-paused") break;
    stop.abort();
  })();
  return stop.signal;
}

it("denies an actor without a name what not everybody may, and says how to name one", async () => {
  const delivery = deliver(roles({ members: {}, grants: [{ to: "*", may: ["READ"] }] }));
  await expect(delivery.start(asking, null)).rejects.toThrow(
    /^an actor without a name may not start pipeline "promote": EXECUTE .* is missing; say who acts: pass `actor`/,
  );
  expect(await delivery.runs()).toEqual([]);
});

it("leaves out of lists and streams what the actor may not read", async () => {
  const authorizer = roles({
    members: { shop: ["ana"], boss: ["bo"] },
    grants: [
      { to: "shop", may: ["READ"], on: { application: "shop" } },
      { to: "boss", may: ["ADMIN"] },
    ],
  });
  const delivery = deliver(authorizer);
  const boss = delivery.as("bo");
  const heard: string[] = [];
  delivery.as("ana").on("run-started", ({ plan }) => void heard.push(plan.pipeline));
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of delivery.as("ana").events()) {
      if (event.type === "run-started") seen.push(event.plan.pipeline);
      if (event.type === "judgement-requested") break;
    }
  })();
  for (let n = 0; n < 3; n += 1) await (await boss.start(other, null)).outcome();
  await boss.start(asking, null);
  await reading;
  expect({ seen, heard }).toEqual({ seen: ["promote"], heard: ["promote"] });
  expect((await delivery.as("ana").runs({ limit: 1 })).map(({ pipeline: of }) => of)).toEqual(["promote"]);
  expect(await delivery.as("bo").runs()).toHaveLength(4);
  expect(await delivery.runs()).toEqual([]);
});

it("denies while the authorizer fails, and says that it may be tried again", async () => {
  const lines: string[] = [];
  const note = (_: object, message: string): void => void lines.push(message);
  const authorizer: Authorizer = {
    can: async () => {
      throw new Error("the directory is down");
    },
    roles: () => [],
  };
  const delivery = deliver(authorizer, { logger: { debug() {}, info() {}, warn() {}, error: note } });
  await expect(delivery.as("ana").start(asking, null)).rejects.toMatchObject({
    code: "GENNAKER_DENIED",
    retryable: true,
  });
  expect(lines).toEqual(["the authorizer failed"]);
});

it("takes no answer but true for a yes", async () => {
  const delivery = deliver({ can: () => "yes" as never, roles: () => [] });
  await expect(delivery.as("ana").start(asking, null)).rejects.toThrow(DeniedError);
});

it("tells all that is wrong with grants at once", () => {
  expect(() =>
    roles({
      members: { dev: ["ana"], "*": [] },
      grants: [
        { to: "devs", may: ["READ"] },
        { to: "dev", may: ["RUN" as never] },
        { to: "dev", may: [], on: {} as never },
      ],
    }),
  ).toThrow(
    [
      "roles has 4 problems",
      '  members: "*" is everybody already; name the role otherwise',
      '  grants[0]  to: no role is called "devs" (did you mean "dev"?)',
      '  grants[1]  may: "RUN" is not one of READ, EXECUTE, WRITE, CREATE, JUDGE, ADMIN',
      "  grants[2]  on: names no application, pipeline or account; leave it out to mean everything",
    ].join("\n"),
  );
});

it("starts a run below only for who may start its pipeline, and names who that is", async () => {
  const above = pipeline("above", { application: "shop" }).stage("below", runPipeline(other), () => null);
  const authorizer = roles({
    members: { dev: ["ana"], boss: ["bo"] },
    grants: [
      { to: "dev", may: ["READ", "EXECUTE"], on: { application: "shop" } },
      { to: "boss", may: ["ADMIN"] },
    ],
  });
  const delivery = deliver(authorizer, { pipelines: [above, other] });
  const denied = await delivery.as("ana").start(above, null);
  expect(await denied.outcome()).toBe("failed");
  expect((await denied.state()).stages[0]?.error).toMatchObject({
    code: "GENNAKER_DENIED",
    message: expect.stringContaining(
      '"ana" may not start pipeline "other" below another: EXECUTE on pipeline "other" of application "mail" is missing',
    ) as string,
  });
  expect(await delivery.as("bo").runs({ pipeline: "other" })).toEqual([]);
  expect(await (await delivery.as("bo").start(above, null)).outcome()).toBe("succeeded");
});
