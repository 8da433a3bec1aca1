import { ConfigurationError } from "../errors.ts";
import { suggest } from "../model/suggest.ts";
import type { Authorizer, Permission, Resource } from "../ports/authorizer.ts";

/** Permissions that a role has. */
export interface Grant {
  /** Name of a role; `"*"`: everybody, also who is not named. */
  readonly to: string;
  readonly may: readonly Permission[];
  /** On what; a grant on an application is one on its pipelines. Absent: on everything. */
  readonly on?:
    | { readonly application: string }
    | { readonly pipeline: string }
    | { readonly account: string; readonly provider?: string };
}

/** Who has which roles, and what they may. */
export interface RoleOptions {
  /** Actors by role. */
  readonly members: { readonly [role: string]: readonly string[] };
  readonly grants: readonly Grant[];
}

const EVERYBODY = "*";
const PERMISSIONS: readonly Permission[] = ["READ", "EXECUTE", "WRITE", "CREATE", "JUDGE", "ADMIN"];

/**
 * An authorizer by roles, in memory. What nobody granted is denied. ADMIN is every permission; no other one includes
 * another.
 *
 * @throws ConfigurationError with all problems of the grants
 * @example
 * const authorizer = roles({
 *   members: { dev: ["ana"], qa: ["rui"] },
 *   grants: [
 *     { to: "*", may: ["READ"] },
 *     { to: "dev", may: ["EXECUTE"], on: { application: "shop" } },
 *     { to: "dev", may: ["WRITE"], on: { account: "staging" } },
 *     { to: "qa", may: ["JUDGE"], on: { application: "shop" } },
 *   ],
 * })
 */
export function roles(options: RoleOptions): Authorizer {
  const problems = roleProblems(options);
  if (problems.length > 0) throw new ConfigurationError("roles", problems);
  const rolesOf = rolesByActor(options.members);
  const grants = [...options.grants];
  return {
    can(actor, action, resource) {
      const own = actor === undefined ? undefined : rolesOf.get(actor);
      return grants.some(
        ({ to, may, on }) =>
          (to === EVERYBODY || own?.has(to) === true) &&
          (may.includes(action) || may.includes("ADMIN")) &&
          (on === undefined || covers(on, resource)),
      );
    },
    roles: (actor) => (actor === undefined ? [] : [...(rolesOf.get(actor) ?? [])]),
  };
}

function rolesByActor(members: RoleOptions["members"]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const [role, actors] of Object.entries(members))
    for (const actor of actors) found.set(actor, (found.get(actor) ?? new Set()).add(role));
  return found;
}

function covers(on: NonNullable<Grant["on"]>, resource: Resource): boolean {
  if ("account" in on)
    return (
      resource.kind === "account" &&
      resource.account === on.account &&
      (on.provider === undefined || on.provider === resource.provider)
    );
  if ("pipeline" in on) return resource.kind === "pipeline" && resource.name === on.pipeline;
  if (resource.kind === "application") return resource.name === on.application;
  return resource.kind === "pipeline" && resource.application === on.application;
}

function roleProblems({ members, grants }: RoleOptions): readonly string[] {
  const known = Object.keys(members);
  const reserved = known.includes(EVERYBODY)
    ? ['members: "*" is everybody already; name the role otherwise']
    : [];
  return [
    ...reserved,
    ...grants.flatMap(({ to, may, on }, index) => {
      const at = `grants[${index}]`;
      const unknown = may.filter((permission) => !PERMISSIONS.includes(permission));
      return [
        ...(to === EVERYBODY || known.includes(to)
          ? []
          : [`${at}  to: no role is called ${JSON.stringify(to)}${suggest(to, known)}`]),
        ...unknown.map(
          (word) => `${at}  may: ${JSON.stringify(word)} is not one of ${PERMISSIONS.join(", ")}`,
        ),
        ...(on === undefined || "account" in on || "pipeline" in on || "application" in on
          ? []
          : [`${at}  on: names no application, pipeline or account; leave it out to mean everything`]),
      ];
    }),
  ];
}
