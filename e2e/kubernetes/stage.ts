import { createDelivery, type Delivery, type Engine, type RunHandle, type Strategy } from "@gennaker/core";
import type { Cluster, ServerGroup } from "@gennaker/core/ports";
import type { KubernetesOptions, KubernetesProvider, KubernetesRelease } from "@gennaker/provider-kubernetes";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";
import { type Bed, until } from "../beds/kubernetes/index.ts";
import type { Kind } from "./kinds.ts";
import { orphansIn } from "./orphans.ts";
import { openPlace, type Place, release as plainRelease } from "./place.ts";
import { remove } from "./residue.ts";

/** A cluster with a delivery of its own. */
export interface Stage {
  readonly place: Place;
  readonly provider: KubernetesProvider;
  readonly cluster: Cluster<KubernetesRelease>;
  readonly delivery: Delivery;
  /** Starts a deploy. */
  deploy(image: string, strategy?: Strategy): Promise<RunHandle>;
  /** Deploys and waits for a good end. */
  serve(image: string, size: number): Promise<void>;
  /** How it ended, and if it turned back, why. */
  end(run: RunHandle): Promise<End>;
  groups(): Promise<readonly ServerGroup[]>;
  /** Waits until the rollout is in a phase. */
  untilPhase(run: RunHandle, phase: string): Promise<void>;
  /** Ends everything; what is left over. */
  close(): Promise<readonly string[]>;
}

/** The end of a run. */
interface End {
  readonly outcome: string;
  readonly rolledBack: boolean;
  /** Why it turned back; empty when it did not. */
  readonly reason: string;
  /** Milliseconds from the first command to the turn. */
  readonly turnedAfterMs: number;
}

/** What a stage is made of. */
export interface StageOptions {
  readonly bed: Bed;
  readonly kind?: Kind;
  readonly provider?: KubernetesOptions;
  readonly engine?: Engine;
  readonly place?: Place;
  readonly release?: (image: string) => KubernetesRelease;
}

export const STRATEGIES = [redBlack, rollingRedBlack, rolling, canary, highlander] as const;

export async function openStage(options: StageOptions): Promise<Stage> {
  const { bed, kind = "serviceSelector", release = plainRelease } = options;
  const place = options.place ?? (await openPlace(bed, kind));
  const provider = place.provider(options.provider);
  const cluster = provider.cluster(place.cluster);
  const delivery = createDelivery({
    providers: [provider],
    strategies: STRATEGIES,
    ...(options.engine && { engine: options.engine }),
  });
  const deploy = (image: string, strategy: Strategy = redBlack({ deadline: "2m" })): Promise<RunHandle> =>
    delivery.deploy({ cluster, release: release(image), strategy });
  return {
    place,
    provider,
    cluster,
    delivery,
    deploy,
    async serve(image, size) {
      const end = await endOf(await deploy(image, redBlack({ size, deadline: "2m" })));
      if (end.outcome !== "succeeded")
        throw new Error(`the first deploy ended ${end.outcome}: ${end.reason}`);
    },
    end: endOf,
    groups: async () => (await provider.observe(cluster)).groups,
    untilPhase: async (run, phase) => {
      for await (const event of run.events())
        if (event.type === "rollout-phase-started" && event.phase === phase) return;
      throw new Error(`the run ended without the phase ${phase}`);
    },
    async close() {
      await delivery.close();
      const orphans = await until(
        async () => ((await orphansIn(bed, place.namespace)).length === 0 ? [] : undefined),
        {
          what: "no orphan",
          withinMs: 20_000,
        },
      ).catch(() => orphansIn(bed, place.namespace));
      await provider.close();
      await remove(bed, place.namespace);
      return orphans;
    },
  };
}

async function endOf(run: RunHandle): Promise<End> {
  let began = 0;
  let reason = "";
  let turnedAfterMs = 0;
  let rolledBack = false;
  for await (const event of run.events()) {
    if (event.type === "rollout-command-sent") began ||= event.at;
    if (event.type === "rollout-turned-back") {
      rolledBack = true;
      ({ reason } = event);
      turnedAfterMs = event.at - began;
    }
    if (event.type === "stage-failed") reason ||= event.error.message;
    if (event.type === "run-finished") return { outcome: event.outcome, rolledBack, reason, turnedAfterMs };
  }
  throw new Error("the events ended before the run");
}
