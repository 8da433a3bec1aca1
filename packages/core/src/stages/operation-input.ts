import type { GroupSelector, Operation, SizeChange } from "../model/operation.ts";
import { suggest } from "../model/suggest.ts";
import { checkCluster } from "./deploy-input.ts";
import { checkDuration } from "./wait.ts";

const SELECTORS = ["newest", "oldest", "previous", "largest", "serving"];

/** Everything that is wrong with what is asked of a cluster. */
export function checkOperation(operation: Operation): readonly string[] {
  const { cluster, timeout } = operation;
  return [
    ...checkCluster(cluster),
    ...(timeout === undefined ? [] : checkDuration("timeout", timeout)),
    ...checkOwn(operation),
  ];
}

function checkOwn(operation: Operation): readonly string[] {
  if (operation.do === "shift") return checkShares(operation.shares);
  const { group } = operation;
  const several = operation.do === "destroy" && Array.isArray(group);
  const selectors = several ? (group as readonly GroupSelector[]) : [group as GroupSelector];
  return [
    ...(selectors.length === 0 ? ["group: at least one is needed"] : []),
    ...selectors.flatMap((selector) => checkSelector("group", selector)),
    ...(operation.do === "resize" ? checkSize(operation.size) : []),
    ...(operation.do === "enable" ? checkShare("share", operation.share ?? 100) : []),
  ];
}

function checkSelector(field: string, selector: GroupSelector): readonly string[] {
  if (typeof selector === "string")
    return SELECTORS.includes(selector)
      ? []
      : [
          `${field}: ${JSON.stringify(selector)} is not one of ${SELECTORS.join(", ")}${suggest(selector, SELECTORS) || ` (for a name, write { name: ${JSON.stringify(selector)} })`}`,
        ];
  const named =
    typeof selector === "object" && selector !== null && ("name" in selector || "release" in selector);
  return named ? [] : [`${field}: is missing (write "serving", or { name: "shop-api-v003" })`];
}

function checkSize(size: SizeChange): readonly string[] {
  const amount = typeof size === "object" && size !== null ? ("by" in size ? size.by : size.percent) : size;
  const whole = typeof size === "number" ? Number.isInteger(size) && size >= 0 : Number.isFinite(amount);
  const positive = typeof size !== "object" || "by" in size || size.percent >= 0;
  return whole && positive ? [] : ["size: must be a number of instances, { by: 2 } or { percent: 150 }"];
}

function checkShares(
  shares: readonly { readonly group: GroupSelector; readonly share: number }[],
): readonly string[] {
  if (!Array.isArray(shares) || shares.length === 0)
    return ['shares: at least one is needed (write [{ group: "newest", share: 100 }])'];
  const list = shares as readonly { readonly group: GroupSelector; readonly share: number }[];
  const sum = list.reduce((total, { share }) => total + share, 0);
  const each = list.flatMap(({ group, share }, index) => [
    ...checkSelector(`shares[${index}].group`, group),
    ...checkShare(`shares[${index}].share`, share),
  ]);
  return [...each, ...(each.length > 0 || sum === 100 ? [] : [`shares: they sum to ${sum}, not to 100`])];
}

function checkShare(field: string, share: unknown): readonly string[] {
  return Number.isInteger(share) && (share as number) >= 0 && (share as number) <= 100
    ? []
    : [`${field}: ${JSON.stringify(share)} is not a whole percentage of 0 to 100`];
}
