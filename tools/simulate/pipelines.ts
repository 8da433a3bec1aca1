// Pipelines with everything in them that a pipeline can have, and people who do all that people can do.
import {
  checkStage,
  defineStage,
  deploy,
  destroyGroup,
  disableGroup,
  enableGroup,
  evaluate,
  findGroup,
  judgement,
  pipeline,
  precondition,
  resizeGroup,
  runPipeline,
  shiftTraffic,
  type StageContext,
  undo,
  wait,
  waves,
} from "@gennaker/core";
import { windows } from "@gennaker/core/windows";
import { redBlack } from "@gennaker/strategies";
import type { StageWorld } from "@gennaker/testkit";
import { api, web } from "./clusters.ts";

/** A user's stage without code of its own: what it does is told by the story. */
const work = defineStage({
  type: "work",
  run: (_: StageContext<null>): null => {
    throw new Error("there is nothing to do here");
  },
});

/** What such a stage does: it takes its time, and fails now and then. */
export const trouble =
  (probability: number) =>
  async ({ signal }: { readonly signal: AbortSignal }, world: StageWorld): Promise<null> => {
    await world.sleep("30s", signal);
    if (world.chance(probability))
      throw Object.assign(new Error("no luck"), { retryable: world.chance(0.5) });
    return null;
  };

const strategy = redBlack({ soak: "5m" });

/** Branches, joins, policies, conditions, time limits, what clears up, an undo. */
export const graph = pipeline<{ image: string }>("graph", { timeout: "20h" })
  .stage("lint", work, () => null, { onFailure: "continue", retry: { attempts: 2, delay: "10s" } })
  .stage("smoke", work, () => null, { after: [], timeout: "1m", skippable: true, onFailure: "ignore" })
  .stage("api", deploy, ({ input }) => ({ cluster: api, release: input.image, strategy }), {
    after: ["lint", "smoke"],
    join: "any",
  })
  .stage("web", deploy, ({ input }) => ({ cluster: web, release: input.image, strategy }), {
    after: ["lint"],
    timeout: "6m",
    when: ({ input }) => input.image !== "api-only",
  })
  .stage("rest", wait, () => ({ for: "2h" }), { after: ["api", "web"], skippable: true })
  .stage("go?", judgement, () => ({ roles: ["qa"], timeout: "6h", onTimeout: "pass" as const }))
  .stage("verify", work, () => null, { onFailure: "fail-branch" })
  .stage("after all", work, () => null, { after: ["verify", "rest"], join: "over" })
  .onFailure("page", work, () => null)
  .onFailure("back", undo, ({ outputs }) => ({ cluster: api, group: outputs.api.previous }), {
    clears: ["verify", "go?"],
    undoes: true,
    when: ({ outputs }) => outputs.api?.previous !== undefined,
  })
  .finally("report", work, () => null, { timeout: "10m" });

const migrate = pipeline<{ image: string }>("migrate")
  .stage("apply", work, () => null, { timeout: "10m" })
  .stage("dba?", judgement, () => ({ roles: ["dba"], timeout: "1d" }))
  .finally("unlock", work, () => null);
const audit = pipeline("audit").stage("audit", work, () => null);

/** A run below, waves with gates and a joint way back, lists, and a run that nobody waits for. */
export const everywhere = pipeline<{ image: string }>("everywhere", { timeout: "10d" })
  .stage("database", runPipeline(migrate, { returns: () => "done" }), ({ input }) => input, { timeout: "2d" })
  .use(
    waves("regions", {
      waves: [["api"], (input: { image: string }) => (input.image === "" ? [] : ["web"])],
      deploy: ({ input, item }) => ({ cluster: item === "api" ? api : web, release: input.image, strategy }),
      gate: { type: judgement, input: () => ({ roles: ["qa"], timeout: "1d" }) },
    }),
  )
  .matrix("probe", ["a", "b", "c"], work, () => null, { atOnce: 2, onFailure: "ignore" })
  .expand(
    "verify",
    ({ outputs }) => (outputs.database.returned === "done" ? ["api", "web"] : []),
    work,
    () => null,
    {
      onFailure: "continue",
    },
  )
  .stage("then audit", runPipeline(audit, { wait: false }), () => null);

const officeHours = windows({
  timeZone: "Europe/Lisbon",
  allow: [
    { days: ["mon", "tue", "wed", "thu"], from: "09:00", to: "17:00" },
    { days: ["fri"], from: "09:00", to: "12:00" },
  ],
  deny: [{ from: "12:30", to: "13:30", reason: "lunch" }],
  jitter: "30m",
});

/** Several approve, in office hours, one run at a time. */
export const approved = pipeline<{ image: string }>("approved", {
  concurrency: { limit: 1, key: ({ image }) => (image === "apart" ? "apart" : "all"), policy: "queue" },
  timeout: "30d",
})
  .stage("vars", evaluate, ({ input }) => ({ tag: input.image, urgent: input.image === "v3" }))
  .stage("cut over?", judgement, () => ({
    roles: ["qa", "sre"],
    approvals: 2,
    choices: ["eu first", "us first"],
    excludeStarter: true,
    timeout: "3d",
  }))
  .stage("ship", deploy, ({ outputs }) => ({ cluster: api, release: outputs.vars.tag, strategy }), {
    windows: officeHours,
  })
  .stage("tell", work, () => null, { windows: officeHours, onFailure: "ignore", skippable: true });

/** Judges how things are, as a stage: errors, failures and doubts come as the measurement's key has it. */
const budget = checkStage<null>({
  name: "budget",
  times: 3,
  every: "1m",
  failureLimit: 1,
  errorLimit: 2,
  run: ({ idempotencyKey }) => {
    const lot = Buffer.from(idempotencyKey).reduce((sum, byte) => (sum * 31 + byte) % 997, 7) % 8;
    if (lot === 0) throw new Error("the metrics cannot be reached");
    return { verdict: lot === 1 ? "fail" : lot === 2 ? "inconclusive" : "pass" };
  },
});

/** The newest two survive; older ones make room, and take their way back first. */
export const newest = pipeline<{ image: string }>("newest", {
  concurrency: { limit: 2, policy: "newest-wins" },
})
  .stage("build", work, () => null)
  .stage("api", deploy, ({ input }) => ({
    cluster: api,
    release: input.image,
    strategy,
    onBusy: "queue" as const,
  }))
  .stage("budget?", budget, () => null, { onFailure: "continue" })
  .finally("report", work, () => null);

/** Operations by hand, with what must be so before them. */
export const byHand = pipeline("by hand", { timeout: "2d" })
  .stage("room?", precondition, () => ({
    require: [{ cluster: api, serving: { atLeast: 1 } }],
    within: "10m" as const,
  }))
  .stage("serving", findGroup, () => ({ cluster: api, group: "serving" as const }))
  .stage("grow", resizeGroup, ({ outputs }) => ({
    cluster: api,
    group: { name: outputs.serving.group },
    size: { by: 1 },
  }))
  .stage("other", findGroup, () => ({ cluster: api, group: "previous" as const }), {
    onFailure: "fail-branch",
  })
  .stage("warm", resizeGroup, ({ outputs }) => ({
    cluster: api,
    group: { name: outputs.other.group },
    size: 4,
  }))
  .stage("shift", shiftTraffic, ({ outputs }) => ({
    cluster: api,
    shares: [{ group: { name: outputs.other.group }, share: 100 }],
  }))
  .stage("enable", enableGroup, ({ outputs }) => ({
    cluster: api,
    group: { name: outputs.serving.group },
  }))
  .stage("disable", disableGroup, ({ outputs }) => ({ cluster: api, group: { name: outputs.other.group } }), {
    onFailure: "continue",
  })
  .stage("destroy", destroyGroup, ({ outputs }) => ({ cluster: api, group: { name: outputs.other.group } }))
  .finally("oldest goes", destroyGroup, () => ({ cluster: api, group: "oldest" as const, force: true }));
