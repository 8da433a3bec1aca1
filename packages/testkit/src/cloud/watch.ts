import type { ClusterState } from "@gennaker/core/ports";
import { send } from "./call.ts";
import type { SimulatedCluster } from "./cluster.ts";
import { type Line, show } from "./line.ts";

/** The cluster now and then at each change; changes that come faster than they are read are told as one. */
export async function* watchCluster(
  line: Line,
  world: SimulatedCluster,
  signal: AbortSignal,
): AsyncGenerator<ClusterState, void, undefined> {
  let revision = -1;
  if (!(await reach(line, world, signal))) return;
  while (!signal.aborted) {
    const state = world.state();
    if (state.revision > revision && !line.network.cut && !line.crashed) {
      revision = state.revision;
      yield show(line, world.id, state);
    } else {
      await change(line, world, signal);
    }
  }
}

/** One call to begin with; false when the watch ended before it was answered. */
async function reach(line: Line, world: SimulatedCluster, signal: AbortSignal): Promise<boolean> {
  try {
    await send<void>(line, {
      operation: "watch",
      world,
      resource: world.id,
      signal,
      land: (answer) => answer.give(),
    });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** Resolves when the news of a change has travelled, or the watch ends; never when the caller is dead. */
function change(line: Line, world: SimulatedCluster, signal: AbortSignal): Promise<void> {
  const { nature, latencyMs } = line.network;
  return new Promise((resolve) => {
    const end = (): void => {
      if (line.crashed) return;
      world.watchers.delete(wake);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const wake = (): void => {
      world.watchers.delete(wake);
      if (!line.crashed) nature.clock.after(nature.random.within(latencyMs), end);
    };
    world.watchers.add(wake);
    signal.addEventListener("abort", end, { once: true });
  });
}
