// Find the release that staging runs → deploy it to a canary → ask → deploy it to production → remove the canary →
// wait → remove what production ran before.
import {
  type Cluster,
  deploy,
  destroyGroup,
  type Duration,
  findGroup,
  type Json,
  judgement,
  pipeline,
  wait,
} from "@gennaker/core";
import { highlander, redBlack } from "@gennaker/strategies";

/** Where the pipeline works. */
export interface Places {
  readonly staging: Cluster;
  readonly canary: Cluster;
  readonly prod: Cluster;
}

/** What a run is started with: how long production's old group stays, for a way back that takes a moment. */
export interface PromoteInput {
  readonly keepOld: Duration;
}

/** The pipeline for some places. The types of all outputs are known: a stage's name that does not exist does not compile. */
export const promoteToProd = ({ staging, canary, prod }: Places) =>
  pipeline<PromoteInput & { readonly [field: string]: Json }>("promote-to-prod")
    .stage("find release", findGroup, () => ({ cluster: staging, group: "serving" as const }))
    .stage("deploy canary", deploy, ({ outputs }) => ({
      cluster: canary,
      release: outputs["find release"].release ?? null,
      strategy: highlander({ size: 1 }),
    }))
    .stage("cut over?", judgement, () => ({
      roles: ["release-manager"],
      instructions: "Compare the canary's errors and latency with production's.",
      timeout: "2d" as const,
    }))
    .stage("deploy prod", deploy, ({ outputs }) => ({
      cluster: prod,
      release: outputs["deploy canary"].release,
      strategy: redBlack({ keepWarm: 1 }),
    }))
    .stage("tear down canary", destroyGroup, ({ outputs }) => ({
      cluster: canary,
      group: { name: outputs["deploy canary"].group },
      force: true,
    }))
    .stage("wait", wait, ({ input }) => ({ for: input.keepOld }))
    .stage("destroy old prod", destroyGroup, ({ outputs }) => ({
      cluster: prod,
      group: { name: outputs["deploy prod"].previous ?? "" },
    }));
