import { ConfigurationError } from "../errors.ts";
import type { Cluster } from "../model/cluster.ts";
import type { StageContext } from "../model/stage.ts";
import { asRecorded } from "./as-recorded.ts";
import { ProviderCalls } from "./provider-calls.ts";
import { sleep } from "./sleep.ts";
import type { Surroundings } from "./surroundings.ts";

/** What code of a run may look at besides what is recorded of it: clusters, other runs, the clock. */
export type Outlook = Pick<StageContext<unknown>, "sleep" | "observe" | "lastRun">;

/** The outlook of a run's code, until its signal aborts. */
export function outlookOf(run: string, signal: AbortSignal, using: Surroundings): Outlook {
  const { registry, clock, calls, journal } = using;
  return {
    async sleep(ms) {
      await sleep(clock, ms, signal);
      signal.throwIfAborted();
    },
    async observe(cluster) {
      const provider = registry.provider(cluster.provider);
      if (!provider) throw new ConfigurationError("observe", registry.providerProblems(cluster));
      const world = await new ProviderCalls(provider, cluster as Cluster, clock, calls).observe(signal);
      // Asked often, by checks that poll: the log is only read where there are secrets at all.
      return using.secrets.areUsed ? asRecorded(world, cluster, using) : world;
    },
    lastRun: (pipeline) => journal.lastFinished(pipeline, run),
  };
}
