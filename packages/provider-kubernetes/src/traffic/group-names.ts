import type { TrafficView } from "./traffic.ts";

/** Names of the groups that are there. */
export function groupNames({ sets }: TrafficView): ReadonlySet<string> {
  return new Set(sets.map(({ metadata }) => metadata.name));
}

/** Whether a name is one of a group that is gone, ours by its form and not there any more, or of what gives way. */
export function isLeftOver(name: string, view: TrafficView): boolean {
  if (name === view.replaced) return true;
  const rest = name.startsWith(`${view.cluster}-v`) ? name.slice(view.cluster.length + 2) : "";
  return /^\d{3,}$/.test(rest) && !groupNames(view).has(name);
}
