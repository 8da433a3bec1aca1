import type { ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { GroupSelector, Operation, SizeChange } from "../../model/operation.ts";
import type { TrafficMode } from "../../model/phase.ts";
import { sharesIn } from "../rollout/roles.ts";
import { selectGroup, selectorName } from "./select.ts";

/** What an operation wants, by group name: recorded before anything is done, so that it means the same after a crash. */
export interface OperationTarget {
  readonly sizes?: Readonly<Record<string, number>>;
  readonly shares?: Readonly<Record<string, number>>;
  readonly gone?: readonly string[];
  /** What has traffic may be destroyed as well. */
  readonly force?: boolean;
}

/** Why an operation cannot be done to a cluster as it is. */
export interface Impossible {
  readonly problems: readonly string[];
}

/** Says in numbers and names what an operation wants of a cluster as it is now. */
export function targetOf(
  operation: Operation,
  world: ClusterState,
  mode: TrafficMode,
): OperationTarget | Impossible {
  const named = selectorsOf(operation).map((selector) => [selector, find(world, selector)] as const);
  const problems = named.flatMap(([selector, group]) =>
    group ? [] : [`there is no such group: ${selectorName(selector)} (there are ${list(world)})`],
  );
  if (problems.length > 0) return { problems };
  const groups = named.map(([, group]) => group as ServerGroup);
  const [first] = groups;
  switch (operation.do) {
    case "find":
      return {};
    case "resize":
      return {
        sizes: Object.fromEntries(groups.map((group) => [group.name, resized(group, operation.size)])),
      };
    case "shift": {
      const shares = groups.map(({ name }, index) => [name, operation.shares[index]?.share ?? 0] as const);
      return sharesTarget(Object.fromEntries(shares), mode);
    }
    case "enable":
      return sharesTarget(withShare(world, first as ServerGroup, operation.share ?? 100), mode);
    case "disable":
      return disabled(world, first as ServerGroup, mode);
    default:
      return {
        gone: groups.map(({ name }) => name),
        ...(operation.force === true && { force: true }),
      };
  }
}

function selectorsOf(operation: Operation): readonly GroupSelector[] {
  if (operation.do === "shift") return operation.shares.map(({ group }) => group);
  const { group } = operation;
  return Array.isArray(group) ? (group as readonly GroupSelector[]) : [group as GroupSelector];
}

function find({ groups }: ClusterState, selector: GroupSelector): ServerGroup | undefined {
  return selectGroup(groups, selector);
}

function list({ groups }: ClusterState): string {
  return groups.length === 0 ? "none" : groups.map(({ name }) => name).join(", ");
}

function resized({ desired }: ServerGroup, size: SizeChange): number {
  if (typeof size === "number") return size;
  return "by" in size ? Math.max(0, desired + size.by) : Math.ceil((desired * size.percent) / 100);
}

// What one group gets, the others give, each in proportion to what it has.
function withShare(world: ClusterState, group: ServerGroup, share: number): Readonly<Record<string, number>> {
  const others = world.groups.filter((each) => each !== group && each.share > 0);
  return { ...divide(others, 100 - share), [group.name]: share };
}

function disabled(world: ClusterState, group: ServerGroup, mode: TrafficMode): OperationTarget | Impossible {
  if (group.share === 0) return { shares: sharesIn(world) };
  const others = world.groups.filter((each) => each !== group && each.share > 0);
  if (others.length === 0)
    return { problems: [`${group.name} is the only group with traffic: shift traffic to another one first`] };
  return sharesTarget(divide(others, 100), mode);
}

/** Whole percents in proportion to shares; what rounding leaves goes to the largest. */
export function divide(groups: readonly ServerGroup[], whole: number): Readonly<Record<string, number>> {
  const total = groups.reduce((sum, { share }) => sum + share, 0);
  const parts = groups.map(({ name, share }) => [name, Math.floor((share * whole) / total)] as const);
  const rest = whole - parts.reduce((sum, [, share]) => sum + share, 0);
  const [largest] = groups.toSorted((a, b) => b.share - a.share);
  return Object.fromEntries(
    parts.map(([name, share]) => [name, share + (name === largest?.name ? rest : 0)]),
  );
}

function sharesTarget(
  shares: Readonly<Record<string, number>>,
  mode: TrafficMode,
): OperationTarget | Impossible {
  const given = Object.entries(shares).filter(([, share]) => share > 0);
  const sum = given.reduce((total, [, share]) => total + share, 0);
  if (sum !== 100) return { problems: [`shares: ${given.map(([, share]) => share).join(" + ")} is not 100`] };
  if (mode === "switch" && given.length > 1)
    return { problems: ["shares: traffic goes to one group at a time here; give one group 100"] };
  return { shares: Object.fromEntries(given) };
}
