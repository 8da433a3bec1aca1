import type { ClusterState } from "@gennaker/core/ports";
import type { KubernetesObject, Pod, PodEvent, ReplicaSet } from "../objects/objects.ts";
import { PODS, REPLICA_SETS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { isGroup } from "../observe/group.ts";
import { groupsOf } from "../observe/state.ts";
import { weightsText } from "../commands/set-traffic.ts";
import { type Route, routeKey } from "../traffic/traffic.ts";
import { Shelf } from "./shelf.ts";

/** The newest that is known of one cluster, from whichever look or watch: this is what makes revisions comparable. */
export class ClusterView {
  readonly sets: Shelf<ReplicaSet> = new Shelf();
  readonly pods: Shelf<Pod> = new Shelf();
  readonly routes: ReadonlyMap<Route, Shelf<KubernetesObject>>;
  readonly #ground: Ground;
  readonly #waiting = new Set<() => void>();
  #state: ClusterState = { groups: [], revision: 0 };
  #text = "[]";
  #dirty = false;
  #trusted = false;
  readonly #expected = new Map<string, bigint>();
  /** Groups that were deleted, by `uid`, and are still on the shelf. */
  readonly #leaving = new Set<string>();
  #events: readonly PodEvent[] = [];
  /** What was told last of the traffic. */
  toldTraffic: string | undefined;

  constructor(ground: Ground) {
    this.#ground = ground;
    const routes = ground.traffic.routes(ground.cluster);
    this.routes = new Map(routes.map((route) => [route, new Shelf<KubernetesObject>()]));
  }

  /** Something was written: what is looked at from now on must not be older. */
  expect(versions: ReadonlyMap<string, bigint>): void {
    for (const [plural, version] of versions)
      if (version > (this.#expected.get(plural) ?? 0n)) this.#expected.set(plural, version);
  }

  /** A group was deleted: what is looked at from now on must not show it. */
  expectGone(uid: string): void {
    this.#leaving.add(uid);
  }

  /** Nobody knows what was written: only a look will do. */
  distrust(): void {
    this.#trusted = false;
  }

  /** Everything was looked at after what was written. */
  trust(): void {
    this.#trusted = true;
  }

  /** Whether all that was written is on the shelves; undefined: nobody knows. */
  get isFresh(): boolean | undefined {
    if (!this.#trusted) return undefined;
    const at = (shelf: Shelf<KubernetesObject>, plural: string): boolean =>
      shelf.isAt(this.#expected.get(plural) ?? 0n);
    const routes = [...this.routes].every(([{ resource }, shelf]) => at(shelf, resource.plural));
    return routes && this.#isGone() && at(this.sets, REPLICA_SETS.plural) && at(this.pods, PODS.plural);
  }

  #isGone(): boolean {
    if (this.#leaving.size === 0) return true;
    const there = new Set(this.sets.all.filter(isGroup).map(({ metadata }) => metadata.uid));
    for (const uid of this.#leaving) if (!there.has(uid)) this.#leaving.delete(uid);
    return this.#leaving.size === 0;
  }

  /** Warnings about pods of the namespace. */
  warned(events: readonly PodEvent[]): void {
    this.#events = events;
    this.touch();
  }

  /** Something was put on a shelf. */
  touch(): void {
    this.#dirty = true;
    for (const wake of this.#waiting) wake();
  }

  /** The state; its revision grows when it differs from the one before. */
  state(): ClusterState {
    if (this.#dirty) this.#derive();
    return this.#state;
  }

  /** Resolves at the next change, or when the signal aborts. */
  nextChange(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    if (signal.aborted) resolve();
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    return promise.finally(() => {
      this.#waiting.delete(wake);
      signal.removeEventListener("abort", wake);
    });
  }

  #derive(): void {
    this.#dirty = false;
    const found = [...this.routes].map(([route, shelf]) => [routeKey(route), shelf.all[0]] as const);
    const routes = new Map(found.filter((each): each is [string, KubernetesObject] => each[1] !== undefined));
    const sets = this.sets.all;
    const groups = groupsOf({ sets, pods: this.pods.all, routes, events: this.#events }, this.#ground);
    this.toldTraffic = weightsText(this.#ground, { cluster: this.#ground.cluster, routes, sets });
    const text = JSON.stringify(groups);
    if (text === this.#text) return;
    this.#text = text;
    this.#state = { groups, revision: this.#state.revision + 1 };
  }
}
