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
  readonly #answers = new Map<string, Promise<boolean>>();

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async missing(needs: readonly Need[], call: Call): Promise<readonly Need[]> {
    const answers = await Promise.all(needs.map((need) => this.#isAllowed(need, call)));
    return needs.filter((_, index) => !answers[index]);
  }

  // Many rollouts ask the same at once; one of them asks for all.
  async #isAllowed(need: Need, call: Call): Promise<boolean> {
    const text = textOf(need);
    const asked = this.#answers.get(text);
    // Whoever asked may have been stopped; that is no answer.
    if (asked) return asked.catch(() => this.#ask(need, call));
    const answer = this.#ask(need, call);
    this.#answers.set(text, answer);
    const forget = (): boolean => this.#answers.delete(text);
    answer.then((allowed) => allowed || forget(), forget);
    return answer;
  }

  async #ask(need: Need, call: Call): Promise<boolean> {
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
    return status?.allowed === true;
  }
}

/** `patch replicasets/scale.apps`, `get services shop-api`. */
export function textOf({ resource, subresource, verb, name }: Need): string {
  return `${verb} ${qualified(resource, subresource)}${name === undefined ? "" : ` ${name}`}`;
}
