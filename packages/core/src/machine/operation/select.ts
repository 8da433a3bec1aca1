import type { ServerGroup } from "../../model/cluster.ts";
import type { Json } from "../../model/json.ts";
import type { GroupSelector } from "../../model/operation.ts";
import { newestFirst } from "../rollout/roles.ts";

/** The group that a selector means; undefined: there is none. */
export function selectGroup(
  groups: readonly ServerGroup[],
  selector: GroupSelector,
): ServerGroup | undefined {
  const newest = newestFirst(groups);
  if (typeof selector === "object")
    return newest.find((group) =>
      "name" in selector ? group.name === selector.name : has(group.release, selector.release),
    );
  const serving = largest(
    newest.filter(({ share }) => share > 0),
    ({ share }) => share,
  );
  switch (selector) {
    case "newest":
      return newest[0];
    case "oldest":
      return newest.at(-1);
    case "largest":
      return largest(newest, ({ desired }) => desired);
    case "serving":
      return serving;
    default:
      return serving && newest.find(({ sequence }) => sequence < serving.sequence);
  }
}

/** What a selector is called in messages. */
export function selectorName(selector: GroupSelector): string {
  if (typeof selector === "string") return `the ${selector} group`;
  return "name" in selector ? selector.name : `a group with release ${JSON.stringify(selector.release)}`;
}

function largest(
  newest: readonly ServerGroup[],
  by: (group: ServerGroup) => number,
): ServerGroup | undefined {
  const most = Math.max(...newest.map(by));
  return newest.find((group) => by(group) === most);
}

// All that is asked for is there, however deep.
function has(release: Json | undefined, part: Json): boolean {
  if (typeof part !== "object" || part === null) return release === part;
  if (typeof release !== "object" || release === null || Array.isArray(part) !== Array.isArray(release))
    return false;
  const fields = release as { readonly [field: string]: Json };
  return Object.entries(part as { [field: string]: Json }).every(
    ([field, value]) => Object.hasOwn(fields, field) && has(fields[field], value),
  );
}
