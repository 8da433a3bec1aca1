import { readFileSync, readdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CheckContext,
  createDelivery,
  defineCheck,
  defineStage,
  type DeliveryOptions,
  findGroup,
  type Json,
  memory,
  memorySecrets,
  pipeline,
  type Provider,
  resizeGroup,
  roles,
  secret,
  type SecretResolver,
  undo,
  wait,
} from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { simulatedCloud, virtualClock } from "../src/index.ts";

const VALUE = "s3cr3t-db-password";
const release = { image: "shop/api:2", env: { DB: `postgres://shop:${secret("db")}@db/shop` } };

/** A cloud that runs releases with an environment, and what it was given to run. */
function bed(options: DeliveryOptions = {}) {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  const inner = cloud.provider();
  const given: Json[] = [];
  const provider: Provider & Pick<typeof inner, "cluster"> = Object.assign(
    Object.create(inner) as typeof inner,
    {
      createGroup: (...[cluster, spec, ...rest]: Parameters<typeof inner.createGroup>) => {
        given.push(spec.release);
        return inner.createGroup(cluster, spec, ...rest);
      },
    },
  );
  const cluster = provider.cluster("shop-api");
  cloud.seed(cluster, [{ size: 2, share: 100, release: { image: "shop/api:1" } }]);
  const delivery = createDelivery({ engine: memory(), clock, providers: [provider], ...options });
  return { clock, cloud, cluster, given, delivery };
}

/** The log of a process that brought a release with a secret, then one without, and ended; and who opens it next. */
async function restarted() {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const file = join(folder, "log.db");
  const secretResolver = memorySecrets({ db: VALUE });
  const { clock, cluster, cloud, delivery } = bed({ engine: sqlite(file), secretResolver });
  for (const brought of [release, { image: "shop/api:3" }]) {
    const run = await clock.drive(
      delivery.deploy({ cluster, release: brought, strategy: redBlack({ keepWarm: 1 }) }),
    );
    expect(await clock.drive(run.outcome())).toBe("succeeded");
  }
  await clock.drive(delivery.close());
  const reopened = (options: DeliveryOptions) =>
    createDelivery({ engine: sqlite(file), clock, providers: [cloud.provider()], ...options });
  return { folder, clock, cluster, reopened };
}

function filesOf(folder: string): Buffer[] {
  return readdirSync(folder).map((name) => readFileSync(join(folder, name)));
}

function expectNoSecret(folder: string): void {
  for (const bytes of filesOf(folder)) expect(bytes.includes(VALUE)).toBe(false);
}

/** Resolves when a run has come to an event. */
async function begun(events: AsyncIterable<{ readonly type: string }>, type: string): Promise<void> {
  for await (const event of events) if (event.type === type) return;
}

it("gives a provider the secret, and the log the reference", async () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const engine = sqlite(join(folder, "log.db"));
  const { clock, cluster, given, delivery } = bed({ engine, secretResolver: memorySecrets({ db: VALUE }) });
  const run = await clock.drive(delivery.deploy({ cluster, release, strategy: redBlack({ keepWarm: 1 }) }));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(given).toEqual([{ ...release, env: { DB: `postgres://shop:${VALUE}@db/shop` } }]);
  expect((await run.state()).stages[0]?.output).toMatchObject({ release });
  // The provider shows what it runs, the secret included; an undo records what the provider shows.
  const next = await clock.drive(
    delivery.deploy({ cluster, release: { image: "shop/api:3" }, strategy: redBlack({ keepWarm: 1 }) }),
  );
  await clock.drive(next.outcome());
  expect(await clock.drive(delivery.undoTargets(cluster))).toMatchObject([{ release }, {}]);
  const undone = await clock.drive(delivery.undo(cluster));
  expect(await clock.drive(undone.outcome())).toBe("succeeded");
  await clock.drive(delivery.close());
  expect(filesOf(folder).some((bytes) => bytes.includes("$secret{db}"))).toBe(true);
  expectNoSecret(folder);
  rmSync(folder, { recursive: true });
});

it("undoes after a restart without recording what the provider shows", async () => {
  const { folder, clock, cluster, reopened } = await restarted();
  // Another process, which has resolved nothing, and in which the secret is another one by now.
  const after = reopened({});
  const targets = await clock.drive(after.undoTargets(cluster));
  expect(targets[0]?.release).toEqual(release);
  const undone = await clock.drive(after.undo(cluster));
  expect(await clock.drive(undone.outcome())).toBe("succeeded");
  await clock.drive(after.close());
  expectNoSecret(folder);
  rmSync(folder, { recursive: true });
});

it("records references of what stages find in a cluster after a restart: by hand, by undo, by code that looks", async () => {
  const { folder, clock, cluster, reopened } = await restarted();
  const look = defineStage({
    type: "look",
    run: async ({ observe }) => (await observe(cluster)).groups.map((group) => group.release ?? null),
  });
  const back = pipeline("back")
    .stage("find", findGroup, () => ({ cluster, group: "previous" as const }))
    .stage("look", look, () => null)
    .stage("undo", undo, ({ outputs }) => ({ cluster, group: outputs.find.group }));
  const after = reopened({ secretResolver: memorySecrets({ db: VALUE }) });
  const run = await clock.drive(after.start(back, null));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  const { stages } = await run.state();
  expect(stages[0]?.output).toMatchObject({ release });
  expect(stages[1]?.output).toContainEqual(release);
  expect(stages[2]?.output).toMatchObject({ release });
  await clock.drive(after.close());
  expectNoSecret(folder);
  rmSync(folder, { recursive: true });
});

it("keeps a secret out of the log that a provider shows of a rollout which another process began", async () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const file = join(folder, "log.db");
  const secretResolver = memorySecrets({ db: VALUE });
  const { clock, cluster, cloud, delivery } = bed({ engine: sqlite(file), secretResolver });
  cloud.behaviour(() => ({ neverHealthy: true, problem: `cannot log in to db as shop with ${VALUE}` }));
  const strategy = redBlack();
  const run = await clock.drive(delivery.deploy({ cluster, release, strategy }));
  await clock.drive(begun(run.events(), "rollout-command-settled"));
  await clock.drive(delivery.close());

  const after = createDelivery({
    engine: sqlite(file),
    clock,
    providers: [cloud.provider()],
    secretResolver,
  });
  const again = await clock.drive(after.run(run.id));
  expect(await clock.drive(again.outcome())).toBe("rolled-back");
  expect((await again.state()).reason).toContain("cannot log in to db as shop with [redacted]");
  await clock.drive(after.close());
  expectNoSecret(folder);
  rmSync(folder, { recursive: true });
});

it("keeps a secret out of the log that a provider shows while an operation by hand waits", async () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const engine = sqlite(join(folder, "log.db"));
  const { clock, cluster, cloud, delivery } = bed({ engine, secretResolver: memorySecrets({ db: VALUE }) });
  const problem = `cannot log in to db as shop with ${VALUE}`;
  cloud.behaviour(() => ({ sickAfterTrafficMs: 3_600_000, problem }));
  const run = await clock.drive(delivery.deploy({ cluster, release, strategy: redBlack() }));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  const grow = pipeline<null>("grow")
    .stage("wait", wait, () => ({ for: "2h" }))
    .stage("grow", resizeGroup, () => ({
      cluster,
      group: "serving" as const,
      size: { by: 2 },
      timeout: "1m",
    }));
  const byHand = await clock.drive(delivery.start(grow, null));
  expect(await clock.drive(byHand.outcome())).toBe("failed");
  expect((await byHand.state()).reason).toContain("cannot log in to db as shop with [redacted]");
  await clock.drive(delivery.close());
  expectNoSecret(folder);
  rmSync(folder, { recursive: true });
});

it.each(["has none of it any more", "is sealed", "does not answer"])(
  "goes on with a rollout that another process began, although the vault %s",
  async (trouble) => {
    const folder = mkdtempSync(join(tmpdir(), "secrets-"));
    const file = join(folder, "log.db");
    const { clock, cluster, cloud, delivery } = bed({
      engine: sqlite(file),
      secretResolver: memorySecrets({ db: VALUE }),
    });
    const run = await clock.drive(delivery.deploy({ cluster, release, strategy: redBlack() }));
    await clock.drive(begun(run.events(), "rollout-command-settled"));
    await clock.drive(delivery.close());

    const answers: Record<string, SecretResolver["resolve"]> = {
      "has none of it any more": () => undefined,
      "is sealed": () => Promise.reject(new Error("sealed")),
      "does not answer": () => new Promise(() => {}),
    };
    const after = createDelivery({
      engine: sqlite(file),
      clock,
      providers: [cloud.provider()],
      secretResolver: { resolve: answers[trouble]! },
    });
    const again = await clock.drive(after.run(run.id));
    expect(await clock.drive(again.outcome())).toBe("succeeded");
    await clock.drive(after.close());
    rmSync(folder, { recursive: true });
  },
);

it("gives a check the secrets that its input refers to, and the log none of them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const seen: string[] = [];
  const probe = defineCheck({
    name: "probe",
    run: ({ input }: CheckContext<{ token: string }>) => {
      seen.push(input.token);
      return { verdict: "fail", reason: `refused ${input.token}`, data: { sent: input.token } };
    },
  });
  const engine = sqlite(join(folder, "log.db"));
  const { clock, cluster, delivery } = bed({ engine, secretResolver: memorySecrets({ db: VALUE }) });
  const strategy = redBlack({ gate: { check: probe, input: { token: secret("db") } } });
  const run = await clock.drive(delivery.deploy({ cluster, release: { image: "shop/api:2" }, strategy }));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(seen).toEqual([VALUE]);
  expect((await run.state()).reason).toContain("refused [redacted]");
  await clock.drive(delivery.close());
  expectNoSecret(folder);
  rmSync(folder, { recursive: true });
});

it("changes nothing when a release refers to a secret that is not there", async () => {
  const { clock, cloud, cluster, delivery } = bed({ secretResolver: memorySecrets({}) });
  const run = await clock.drive(delivery.deploy({ cluster, release, strategy: redBlack() }));
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect((await run.state()).stages[0]?.error?.message).toContain('secret "db": the resolver has none');
  expect(cloud.world(cluster).groups).toHaveLength(1);
});

it("takes the way back when a secret is gone once the rollout has begun", async () => {
  let asked = 0;
  const secretResolver: SecretResolver = { resolve: () => (asked++ === 0 ? VALUE : undefined) };
  const { clock, cloud, cluster, delivery } = bed({ secretResolver });
  const run = await clock.drive(delivery.deploy({ cluster, release, strategy: redBlack() }));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect((await run.state()).reason).toContain('secret "db": the resolver has none');
  expect(cloud.world(cluster).groups.map(({ share }) => share)).toEqual([100]);
});

const may = (account: string): DeliveryOptions => ({
  authorizer: roles({
    members: { dev: ["ana"] },
    grants: [
      { to: "*", may: ["READ"] },
      { to: "dev", may: ["EXECUTE"], on: { application: "shop" } },
      { to: "dev", may: ["WRITE"], on: { account } },
    ],
  }),
});

it("deploys for who may WRITE to the account, and changes nothing for others", async () => {
  const { cluster, clock, delivery } = bed(may(bed().cluster.account));
  const input = { cluster, release: { image: "x" }, strategy: redBlack() };
  const run = await clock.drive(delivery.as("ana").deploy(input));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  const denied = bed(may("elsewhere"));
  await expect(denied.delivery.as("ana").deploy({ ...input, cluster: denied.cluster })).rejects.toThrow(
    /WRITE on account ".*" is missing/,
  );
  expect(denied.cloud.history).toEqual([]);
});
