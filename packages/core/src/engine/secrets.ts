import { ConfigurationError, ProviderError } from "../errors.ts";
import type { ClusterState } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import { mapTexts, secret, secretsIn, withSecrets } from "../model/secret.ts";
import type { SecretResolver, SecretUse } from "../ports/secrets.ts";
import { SHORTEST_SECRET } from "./looks.ts";
import type { Redactor } from "./redact.ts";

/** Puts secrets where they are used, and keeps them from being recorded. */
export class Secrets {
  readonly #resolver: SecretResolver | undefined;
  readonly #redactor: Redactor;
  readonly #names = new Map<string, string>();

  constructor(resolver: SecretResolver | undefined, redactor: Redactor) {
    this.#resolver = resolver;
    this.#redactor = redactor;
  }

  /** Whether there is anybody who resolves secrets. */
  get areUsed(): boolean {
    return this.#resolver !== undefined;
  }

  /**
   * A value with secrets in the place of their references; the value itself when it refers to none.
   *
   * @throws ConfigurationError when a secret is not known, or could not be kept out of the log
   */
  async reveal(value: Json, use: SecretUse): Promise<Json> {
    const names = secretsIn(value);
    if (names.length === 0) return value;
    const found = await Promise.all(
      names.map(async (name) => [name, await this.#resolve(name, use)] as const),
    );
    const problems = found.flatMap(([name, text]) => this.#problems(name, text));
    if (problems.length > 0)
      throw new ConfigurationError(
        `stage ${JSON.stringify(use.stage)} of pipeline ${JSON.stringify(use.pipeline)}`,
        problems,
      );
    const secrets = new Map(found as readonly (readonly [string, string])[]);
    for (const [name, text] of secrets) this.#learn(name, text);
    return withSecrets(value, secrets);
  }

  /** A value with references in the place of the secrets that are known by now: what a provider shows of a release. */
  conceal(value: Json): Json {
    if (this.#names.size === 0) return value;
    const known = [...this.#names].toSorted(([a], [b]) => b.length - a.length);
    return mapTexts(value, (text) =>
      known.reduce((shown, [plain, name]) => shown.replaceAll(plain, () => secret(name)), text),
    );
  }

  #learn(name: string, text: string): void {
    this.#names.set(text, name);
    this.#redactor.learn(text);
  }

  #problems(name: string, text: string | undefined): readonly string[] {
    if (!this.#resolver)
      return [
        `secret ${JSON.stringify(name)}: nobody can resolve it; pass a secretResolver to createDelivery`,
      ];
    if (text === undefined)
      return [
        `secret ${JSON.stringify(name)}: the resolver has none of this name for this use; add it, or correct the name`,
      ];
    return text.length >= SHORTEST_SECRET
      ? []
      : [
          `secret ${JSON.stringify(name)}: has fewer than ${SHORTEST_SECRET} characters, and could not be kept out of the log`,
        ];
  }

  async #resolve(name: string, use: SecretUse): Promise<string | undefined> {
    try {
      const text = await this.#resolver?.resolve(name, use);
      return typeof text === "string" ? text : undefined;
    } catch (cause) {
      use.signal.throwIfAborted();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ProviderError(
        {
          provider: "secrets",
          operation: "resolve",
          resource: JSON.stringify(name),
          kind: "unavailable",
          message: this.#redactor.text(why),
          ambiguous: false,
        },
        { cause },
      );
    }
  }
}

/** A cluster as its provider shows it, with references in the place of secrets in its releases. */
export function concealReleases(world: ClusterState, secrets: Secrets): ClusterState {
  return {
    ...world,
    groups: world.groups.map((group) =>
      group.release === undefined ? group : { ...group, release: secrets.conceal(group.release) },
    ),
  };
}
