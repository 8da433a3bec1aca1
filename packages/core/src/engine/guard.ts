import { DeniedError } from "../errors.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Plan } from "../model/plan.ts";
import {
  allowAll,
  type Authorizer,
  type Permission,
  type Resource,
  resourceText,
} from "../ports/authorizer.ts";
import type { Logger } from "../ports/logger.ts";

/** Asks an authorizer before something is done. */
export class Guard {
  readonly #authorizer: Authorizer;
  readonly #logger: Logger;

  constructor(authorizer: Authorizer, logger: Logger) {
    this.#authorizer = authorizer;
    this.#logger = logger;
  }

  /** Whether there is nothing to ask: everybody may do everything. */
  get isOpen(): boolean {
    return this.#authorizer === allowAll;
  }

  /** @throws DeniedError when the actor may not */
  async demand(
    actor: string | undefined,
    permission: Permission,
    resource: Resource,
    operation: string,
  ): Promise<void> {
    if (this.isOpen) return;
    const denial = { actor, permission, resource: resourceText(resource), operation };
    let allowed: unknown;
    try {
      allowed = await this.#authorizer.can(actor, permission, resource);
    } catch (cause) {
      this.#logger.error(
        { error: cause, actor, permission, resource: denial.resource },
        "the authorizer failed",
      );
      throw new DeniedError(denial, { cause, retryable: true });
    }
    if (allowed !== true) throw new DeniedError(denial);
  }

  /** Whether the actor may; what cannot be found out is a no. */
  async allows(actor: string | undefined, permission: Permission, resource: Resource): Promise<boolean> {
    return this.demand(actor, permission, resource, "look").then(
      () => true,
      () => false,
    );
  }

  /** Roles of an actor; undefined: what the caller says counts. */
  async roles(actor: string | undefined): Promise<readonly string[] | undefined> {
    return this.isOpen ? undefined : this.#authorizer.roles(actor);
  }
}

/** What a run's operations are asked for. */
export function pipelineOf({ pipeline, application }: Pick<Plan, "pipeline" | "application">): Resource {
  return { kind: "pipeline", name: pipeline, ...(application !== undefined && { application }) };
}

/** What acting on a cluster is asked for. */
export function accountOf({ provider, account }: Pick<Cluster<unknown>, "provider" | "account">): Resource {
  return { kind: "account", provider, account };
}
