/**
 * What an actor may do. READ: see runs, plans and reports. EXECUTE: start, restart,
 * cancel, pause, resume, promote, skip and retry. WRITE:
 * change what an account holds, or a pipeline's state. CREATE: bring in a pipeline that the program has not registered.
 * JUDGE: answer judgements. ADMIN: everything, override windows, and remove history.
 */
export type Permission = "READ" | "EXECUTE" | "WRITE" | "CREATE" | "JUDGE" | "ADMIN";

/** What a permission is for. */
export type Resource =
  | { readonly kind: "application"; readonly name: string }
  /** `application`: the one that the pipeline says it belongs to. */
  | { readonly kind: "pipeline"; readonly name: string; readonly application?: string }
  /** A cloud account, a kube context: `account` of a cluster, at its provider. */
  | { readonly kind: "account"; readonly provider: string; readonly account: string };

/**
 * Says who may do what. A delivery asks before each operation; what is not answered with `true` is denied, and an
 * authorizer that fails denies. It is asked often: answer from memory, or remember answers for a while.
 */
export interface Authorizer {
  /** Whether an actor may do something to a resource. `actor` undefined: nobody was named. */
  can(actor: string | undefined, action: Permission, resource: Resource): boolean | Promise<boolean>;
  /** Roles of an actor, for judgements. Undefined: not known here; then what the caller says counts. */
  roles(actor: string | undefined): readonly string[] | undefined | Promise<readonly string[] | undefined>;
}

/** Lets everybody do everything; roles are what the caller says. What a delivery does unless it is told otherwise. */
export const allowAll: Authorizer = { can: () => true, roles: () => undefined };

/** A resource as one text: `pipeline "promote" of application "shop"`. */
export function resourceText(resource: Resource): string {
  if (resource.kind === "account") return `account "${resource.provider}:${resource.account}"`;
  const of = resource.kind === "pipeline" && resource.application !== undefined;
  return `${resource.kind} ${JSON.stringify(resource.name)}${of ? ` of application ${JSON.stringify(resource.application)}` : ""}`;
}
