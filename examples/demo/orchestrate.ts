// The orchestrator: a process that deploys, and that may be killed at any time. Started again, it says the same things
// with the same idempotency keys, and so goes on where the log ends. It holds nothing that is not in the log.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createDelivery, deploy, type DeployInput, type RunHandle } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { local, type LocalRelease } from "@gennaker/provider-local";
import type { FromOrchestrator, Order, ToOrchestrator } from "./messages.ts";
import { release } from "./release.ts";
import { STRATEGIES } from "./strategies.ts";

const ACTOR = "you";
const { directory, strategy, nature, from } = JSON.parse(process.argv[2] ?? "{}") as Order;

const machine = local({ directory: join(directory, "machine") });
const cluster = machine.cluster("shop-api");
const delivery = createDelivery({
  engine: sqlite(join(directory, "deploys.db")),
  providers: [machine],
  strategies: Object.values(STRATEGIES).map(({ factory }) => factory),
});
const go = Promise.withResolvers<void>();
let rollout: RunHandle | undefined;

process.on("message", ({ do: wish }: ToOrchestrator) => {
  carryOut(wish).catch((error: unknown) => tell({ tells: "refusal", message: messageOf(error) }));
});
// The front is gone without a word, killed perhaps: nobody else is left to clear up.
process.on("disconnect", () => {
  clearUp().then(
    () => process.exit(),
    () => process.exit(1),
  );
});
// Ctrl-C reaches the whole terminal: who is to stop, and when, is decided in one place.
process.on("SIGINT", () => {});

try {
  await deployFirst();
  if (from === 0) tell({ tells: "plan", plan: await delivery.plan(deploy, second()) });
  tell({ tells: "address", url: await machine.address(cluster) });
  await go.promise;
  await deploySecond();
} catch (error) {
  tell({ tells: "failure", message: messageOf(error) });
}

async function clearUp(): Promise<void> {
  await machine.shutdown();
  rmSync(directory, { recursive: true, force: true });
}

async function deployFirst(): Promise<void> {
  const first = STRATEGIES[strategy].make({ deadline: "30s", size: 3 });
  const run = await delivery.deploy(
    { cluster, release: release("v1", "well"), strategy: first },
    { idempotencyKey: "v1" },
  );
  const outcome = await run.outcome();
  if (outcome === "succeeded") return;
  const { stages } = await run.state();
  throw new Error(`version 1 could not be started: ${stages[0]?.rollout?.reason ?? outcome}`);
}

async function deploySecond(): Promise<void> {
  rollout = await delivery.deploy(second(), { actor: ACTOR, idempotencyKey: "v2" });
  for await (const event of rollout.events({ from })) tell({ tells: "event", event });
}

function second(): DeployInput<LocalRelease> {
  const deadline = nature === "bad" ? "4s" : "30s";
  return {
    cluster,
    release: release("v2", nature),
    strategy: STRATEGIES[strategy].make({ soak: "5s", deadline }),
  };
}

async function carryOut(wish: ToOrchestrator["do"]): Promise<void> {
  if (wish === "go") return go.resolve();
  if (wish === "close") {
    await delivery.close();
    process.exit();
  }
  if (!rollout) throw new Error("the rollout has not begun");
  if (wish === "abort") await rollout.cancel({ actor: ACTOR, reason: "aborted by you" });
  if (wish === "pause") await rollout.pause({ actor: ACTOR });
  if (wish === "resume") await rollout.resume({ actor: ACTOR });
  if (wish === "promote") await rollout.promote("deploy", { actor: ACTOR });
}

function tell(message: FromOrchestrator): void {
  if (process.connected) process.send?.(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
