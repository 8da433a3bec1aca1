// npm run example promote-to-prod: the pipeline for real, with processes of this machine. The two hours are five seconds.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDelivery, type Event, type RunHandle } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { local, type LocalProvider, type LocalRelease } from "@gennaker/provider-local";
import { redBlack } from "@gennaker/strategies";
import { promoteToProd, type Places } from "./pipeline.ts";

const SERVICE =
  'require("node:http").createServer((q, s) => s.end(process.env.VERSION)).listen(process.env.PORT)';

const directory = mkdtempSync(join(tmpdir(), "gennaker-promote-"));
const machine = local({ directory: join(directory, "machine") });
const places: Places = {
  staging: machine.cluster("shop-api-staging"),
  canary: machine.cluster("shop-api-canary"),
  prod: machine.cluster("shop-api-prod"),
};
const promote = promoteToProd(places);
const delivery = createDelivery({
  engine: sqlite(join(directory, "deploys.db")),
  providers: [machine],
  pipelines: [promote],
  guarded: [places.prod],
});

try {
  await prepare(machine);
  const run = await delivery.start(promote, { keepOld: "5s" }, { actor: "ana" });
  await follow(run);
  const outcome = await run.outcome();
  console.log(`${outcome}: production answers ${await answer()}`);
  process.exitCode = outcome === "succeeded" ? 0 : 1;
} finally {
  await delivery.close();
  await machine.shutdown();
  rmSync(directory, { recursive: true, force: true });
}

function release(version: string): LocalRelease {
  return {
    command: [process.execPath, "-e", SERVICE],
    env: { VERSION: version },
    version,
    health: { intervalMs: 100 },
    drainMs: 500,
  };
}

/** Version 1 is in production, version 2 in staging. */
async function prepare({ name }: LocalProvider): Promise<void> {
  console.log(`${name}: version 1 goes to production, version 2 to staging`);
  const runs = await Promise.all([
    delivery.deploy({ cluster: places.prod, release: release("1.4.1"), strategy: redBlack({ size: 2 }) }),
    delivery.deploy({ cluster: places.staging, release: release("1.4.2"), strategy: redBlack({ size: 1 }) }),
  ]);
  for (const run of runs)
    if ((await run.outcome()) !== "succeeded") throw new Error("what was to be there could not be started");
}

/** Shows what happens; the person who is asked is played by this program. */
async function follow(run: RunHandle): Promise<void> {
  const begun = Date.now();
  for await (const event of run.events()) {
    const said = describe(event);
    if (said !== undefined) console.log(`${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${said}`);
    if (event.type === "judgement-requested")
      await run.judge(event.stage, {
        verdict: "pass",
        actor: "rui",
        roles: ["release-manager"],
        reason: "p99 is fine",
      });
  }
}

function describe(event: Event): string | undefined {
  switch (event.type) {
    case "stage-started":
      return `● ${event.stage}`;
    case "stage-succeeded":
      return `✔ ${event.stage}`;
    case "stage-failed":
      return `✖ ${event.stage}: ${event.error.message}`;
    case "judgement-answered":
      return `  ${event.actor}: ${event.verdict}, ${event.reason}`;
    case "rollout-phase-started":
      return `  ${event.phase}`;
    case "stage-progressed":
      return `  ${event.message}`;
    default:
      return undefined;
  }
}

async function answer(): Promise<string> {
  return (await fetch(await machine.address(places.prod))).text();
}
