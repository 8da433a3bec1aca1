// The explorer's own small world: what a provider would hold, and how a command lands in it.
import type { ClusterState, RolloutCommand, ServerGroup, TrafficMode } from "@gennaker/core/ports";
import type { Settings } from "./options.ts";

/** A group as the world holds it. */
export interface ModelGroup {
  readonly name: string;
  readonly sequence: number;
  readonly desired: number;
  readonly healthy: number;
  /** What traffic was set to; where shares follow health, only whether it is above 0 counts. */
  readonly weight: number;
  readonly key: string | undefined;
  /** What it runs. */
  readonly release: string;
  /** Its instances no longer heal. */
  readonly doomed: boolean;
  /** The world says that waiting cannot help. */
  readonly hopeless: boolean;
}

/** All groups, oldest first. */
export type World = readonly ModelGroup[];

/** How a command ended in the world. */
export interface Landing {
  readonly world: World;
  readonly result: "acknowledged" | "refused" | "failed";
}

/** Shares by name as a provider would report them. An enabled group never reads 0: 0 means disabled. */
export function sharesOf(world: World, mode: TrafficMode): Readonly<Record<string, number>> {
  const on = world.filter((group) => group.weight > 0);
  if (mode !== "proportional") return Object.fromEntries(on.map(({ name, weight }) => [name, weight]));
  const part = (group: ModelGroup): number =>
    on.some((each) => each.healthy > 0) ? group.healthy : group.desired;
  const all = on.reduce((sum, group) => sum + part(group), 0);
  return Object.fromEntries(
    on.map((group) => [group.name, all === 0 ? 100 : Math.max(1, Math.round((100 * part(group)) / all))]),
  );
}

/** The world as it is observed. */
export function observe(world: World, mode: TrafficMode, stale = false): ClusterState {
  const shares = sharesOf(world, mode);
  return {
    groups: world.map((group) => seen(group, shares[group.name] ?? 0)),
    revision: 0,
    ...(stale && { stale }),
  };
}

function seen(group: ModelGroup, share: number): ServerGroup {
  const { name, sequence, desired, healthy, key, release, hopeless } = group;
  return {
    name,
    sequence,
    desired,
    healthy,
    starting: desired - healthy,
    unhealthy: 0,
    unknown: 0,
    share,
    release,
    ...(key !== undefined && { key }),
    ...(hopeless && { problem: { message: "no such image", fatal: true } }),
  };
}

/** Changes one group. */
export function change(world: World, name: string, patch: Partial<ModelGroup>): World {
  return world.map((group) => (group.name === name ? { ...group, ...patch } : group));
}

/** Whether what a command counts on holds. */
export function holds(world: World, command: RolloutCommand, mode: TrafficMode): boolean {
  if (command.do === "create-group" || !command.condition) return true;
  const shares = sharesOf(world, mode);
  return Object.entries(command.condition).every(([name, condition]) => {
    const { healthyAtLeast = 0, shareAtMost = 100, desiredAtMost = Infinity } = condition;
    const { healthy = 0, desired = 0 } = world.find((group) => group.name === name) ?? {};
    return healthy >= healthyAtLeast && (shares[name] ?? 0) <= shareAtMost && desired <= desiredAtMost;
  });
}

/** A command lands; `stable`: the group whose release a baseline runs. */
export function land(
  world: World,
  command: RolloutCommand,
  { createOnce, stable }: { readonly createOnce: boolean; readonly stable: string | undefined },
): Landing {
  const ok = (next: World): Landing => ({ world: next, result: "acknowledged" });
  const failed: Landing = { world, result: "failed" };
  if (command.do === "create-group") {
    const known = createOnce && world.some(({ key }) => key === command.key);
    const release = command.role ? world.find(({ name }) => name === stable)?.release : "next";
    if (release === undefined) return failed;
    return ok(known ? world : [...world, newGroup(world, command, release)]);
  }
  if (command.do === "destroy-group") return ok(world.filter(({ name }) => name !== command.group));
  if (command.do === "scale-group") {
    const found = world.find(({ name }) => name === command.group);
    return found ? ok(change(world, found.name, resized(found, command.size))) : failed;
  }
  const names = new Set(world.map(({ name }) => name));
  return Object.keys(command.shares).every((name) => names.has(name))
    ? ok(world.map((each) => withWeight(each, command.shares[each.name] ?? 0)))
    : failed;
}

function withWeight(model: ModelGroup, weight: number): ModelGroup {
  return model.weight === weight ? model : { ...model, weight };
}

/** A group with another size; when it shrinks, healthy instances may be the ones that go. */
export function resized(
  { desired, healthy }: ModelGroup,
  size: number,
): Pick<ModelGroup, "desired" | "healthy"> {
  return { desired: size, healthy: size >= desired ? healthy : Math.max(0, healthy - (desired - size)) };
}

function newGroup(
  world: World,
  { key, size }: Extract<RolloutCommand, { readonly do: "create-group" }>,
  release: string,
): ModelGroup {
  const sequence = Math.max(0, ...world.map((each) => each.sequence)) + 1;
  return { ...older(sequence, size, 0), healthy: 0, key, release };
}

/** The cluster before anything happens. */
export function firstWorld({
  firstDeploy,
  others,
  size,
}: Pick<Settings, "firstDeploy" | "others" | "size">): World {
  if (firstDeploy) return [];
  if (others === "none") return [older(1, size, 100)];
  const share = others === "serving" ? 20 : 0;
  return [older(1, 0, 0), older(2, 1, share), older(3, size, 100 - share)];
}

function older(sequence: number, desired: number, weight: number): ModelGroup {
  return {
    name: `v${String(sequence).padStart(3, "0")}`,
    sequence,
    desired,
    healthy: desired,
    weight,
    key: undefined,
    release: `release ${sequence}`,
    doomed: false,
    hopeless: false,
  };
}
