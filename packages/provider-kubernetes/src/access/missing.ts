import type { Call, Calls } from "../api/calls.ts";
import { qualified, type Resource } from "../api/resource.ts";
import type { Need } from "./needs.ts";

const REVIEWS: Resource = {
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
};

/** Asks the API server what it would refuse. What it allowed once is not asked again. */
export class Permissions {
  readonly #calls: Calls;
  readonly #granted = new Set<string>();

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async missing(needs: readonly Need[], call: Call): Promise<readonly Need[]> {
    const unknown = needs.filter((need) => !this.#granted.has(textOf(need)));
    const answers = await Promise.all(unknown.map((need) => this.#isAllowed(need, call)));
    return unknown.filter((_, index) => !answers[index]);
  }

  async #isAllowed(need: Need, call: Call): Promise<boolean> {
    const { resource, subresource, verb, name } = need;
    const resourceAttributes = {
      namespace: this.#calls.namespace,
      verb,
      group: resource.group,
      version: resource.version,
      resource: resource.plural,
      ...(subresource !== undefined && { subresource }),
      ...(name !== undefined && { name }),
    };
    const { status } = await this.#calls.review<{ status?: { allowed?: boolean } }>(
      REVIEWS,
      { spec: { resourceAttributes } },
      call,
    );
    if (status?.allowed) this.#granted.add(textOf(need));
    return status?.allowed === true;
  }
}

/** `patch replicasets/scale.apps`, `get services shop-api`. */
export function textOf({ resource, subresource, verb, name }: Need): string {
  return `${verb} ${qualified(resource, subresource)}${name === undefined ? "" : ` ${name}`}`;
}
