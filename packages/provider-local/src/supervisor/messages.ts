// What comes over the socket, checked: nothing of it may bring the supervisor down.
import type { Condition, Json, Token } from "@gennaker/core/ports";
import { runSpec } from "../release.ts";
import { isLocalRelease, releaseProblems } from "../release-problems.ts";
import type { Destroy, NewGroup, Scale, Traffic } from "./commands.ts";
import type { Listen } from "./record.ts";
import { Refusal } from "./refusal.ts";

const SIZE_MAX = 1000;
const CONDITIONS = new Set(["healthyAtLeast", "shareAtMost", "desiredAtMost"]);

/** A JSON object of which nothing is known. */
export type Body = Readonly<Record<string, unknown>>;

export function readBody(text: string): Body {
  if (text === "") return {};
  try {
    return object(JSON.parse(text), "the body");
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("invalid", "the body is not JSON");
  }
}

export function readClaimant({ run }: Body): string {
  if (typeof run !== "string" || run === "") throw new Refusal("invalid", "run must be a text");
  return run;
}

export function readToken(body: Body): Token {
  const token = object(body["token"], "token");
  const { run, epoch, command } = token;
  if (typeof run !== "string" || typeof command !== "string" || !Number.isSafeInteger(epoch))
    throw new Refusal("invalid", "token must be { run, epoch, command }");
  return { run, epoch: epoch as number, command };
}

export function readGroup(body: Body): string {
  return group(body);
}

export function readListen(body: Body): Listen {
  const { host, port } = object(body["listen"], "listen");
  if (typeof host !== "string" || !isPort(port))
    throw new Refusal("invalid", "listen must be { host, port }");
  return { host, port };
}

export function readNewGroup(body: Body): NewGroup {
  const { key, release, cwd, env, secret } = body;
  if (typeof key !== "string" || key === "") throw new Refusal("invalid", "key must be a text");
  if (!isLocalRelease(release)) throw new Refusal("invalid", releaseProblems(release).join("; "));
  if (typeof cwd !== "string" || !isTexts(secret)) throw new Refusal("invalid", "cwd and secret are needed");
  const variables = object(env, "env");
  if (!isTexts(Object.values(variables))) throw new Refusal("invalid", "env must be an object of texts");
  const place = { cwd, env: variables as Record<string, string>, secret };
  return { key, size: size(body["size"]), release: release satisfies Json, run: runSpec(release, place) };
}

export function readScale(body: Body): Scale {
  const change = object(body["change"], "change");
  return { group: group(change), size: size(change["size"]), ...condition(change) };
}

export function readDestroy(body: Body): Destroy {
  const change = object(body["change"], "change");
  return { group: group(change), ...condition(change) };
}

export function readTraffic(body: Body): Traffic {
  const change = object(body["change"], "change");
  const shares = object(change["shares"], "shares");
  const values = Object.values(shares);
  if (!values.every((share) => typeof share === "number" && share >= 0 && share <= 100))
    throw new Refusal("invalid", "shares must be numbers from 0 to 100");
  const sum = (values as number[]).reduce((a, b) => a + b, 0);
  if (values.length > 0 && Math.abs(sum - 100) > 1e-6)
    throw new Refusal("invalid", `shares must sum to 100, these sum to ${sum}`);
  return { shares: shares as Record<string, number>, ...condition(change) };
}

// ---

function object(value: unknown, name: string): Body {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Body;
  throw new Refusal("invalid", `${name} must be an object`);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}

function group(change: Body): string {
  if (typeof change["group"] === "string") return change["group"];
  throw new Refusal("invalid", "group must be the name of a group");
}

function size(value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= SIZE_MAX)
    return value as number;
  throw new Refusal("invalid", `size must be a whole number from 0 to ${SIZE_MAX}`);
}

function condition(change: Body): { condition?: Condition } {
  if (change["condition"] === undefined) return {};
  const given = object(change["condition"], "condition");
  for (const [name, one] of Object.entries(given)) {
    // A condition that is not understood must not count as one that holds.
    for (const [rule, value] of Object.entries(object(one, `condition of ${name}`)))
      if (!CONDITIONS.has(rule) || typeof value !== "number")
        throw new Refusal("invalid", `condition of ${name}: ${rule} is unknown or no number`);
  }
  return { condition: given as Condition };
}
