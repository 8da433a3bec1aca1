import { clusterId, type Event } from "@gennaker/core/ports";
import type { Landing } from "../cloud/landing.ts";
import { clusterOf } from "./check-clusters.ts";

/** Who acts on a cluster: one stage of one run. */
type Actor = string;

/** Watches that rollouts take turns on each cluster: by what the log says, and by what lands. */
export class Turns {
  readonly #clusters = new Map<Actor, string>();
  readonly #holders = new Map<string, Actor>();
  readonly #epochs = new Map<string, { epoch: number; actor: Actor }>();
  readonly #past = new Map<string, Set<Actor>>();

  /** Hears of an event; what is wrong with it. */
  notice(event: Event): string | undefined {
    if (!("stage" in event)) return undefined;
    const actor = `${event.run}/${event.stage}`;
    const started = event.type === "stage-started" ? clusterOf(event) : undefined;
    if (started) this.#clusters.set(actor, clusterId(started));
    const cluster = this.#clusters.get(actor);
    if (cluster === undefined) return undefined;
    const holder = this.#holders.get(cluster);
    if (event.type === "stage-admitted") {
      this.#holders.set(cluster, actor);
      return holder === undefined || holder === actor
        ? undefined
        : `${actor} was admitted to ${cluster}, which ${holder} has`;
    }
    if (event.type === "rollout-claimed" && holder !== undefined && holder !== actor)
      return `${actor} took ${cluster}, which ${holder} has`;
    if (holder === actor && isFencedOut(event))
      return `${actor} was fenced out of ${cluster}, which it has: ${event.error?.message}`;
    const ends =
      event.type === "stage-succeeded" || event.type === "stage-failed" || event.type === "stage-cancelled";
    if (ends && holder === actor) this.#holders.delete(cluster);
    return undefined;
  }

  /** Hears of a command that landed; what is wrong with it. */
  noticeLanding({ cluster, token, command }: Landing): string | undefined {
    const id = clusterId(cluster);
    const actor = `${token.run}/${token.command.slice(0, token.command.lastIndexOf("/"))}`;
    const last = this.#epochs.get(id);
    const past = this.#past.get(id) ?? new Set();
    this.#past.set(id, past);
    this.#epochs.set(id, { epoch: token.epoch, actor });
    if (last && last.actor !== actor) past.add(last.actor);
    if (last && token.epoch < last.epoch)
      return `${command.do} of ${actor}, epoch ${token.epoch}, landed in ${id} after epoch ${last.epoch} of ${last.actor}`;
    if (last && token.epoch === last.epoch && actor !== last.actor)
      return `${actor} and ${last.actor} both speak in epoch ${token.epoch} of ${id}`;
    return past.has(actor) ? `${actor} acted on ${id} again, after ${last?.actor}` : undefined;
  }
}

// All runs of a simulation are in one log, so nobody else may have claimed the cluster, but in an older turn.
function isFencedOut(event: Event): event is Event<"rollout-command-settled"> {
  return (
    event.type === "rollout-command-settled" &&
    event.result === "failed" &&
    event.error?.details?.["kind"] === "fenced"
  );
}
