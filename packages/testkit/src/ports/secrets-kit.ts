import assert from "node:assert/strict";
import type { SecretResolver, SecretUse } from "@gennaker/core/ports";
import type { RegisterTest } from "../provider/options.ts";
import { cases, type PortKitOptions, registerCases } from "./register.ts";

/** A resolver to be tried, and where its secrets are. */
export interface SecretResolverUnderTest {
  readonly resolver: SecretResolver;
  /** Puts a secret where the resolver looks, or takes it away. */
  set(name: string, value: string | undefined): Promise<void>;
  /** Ends everything that the test made. Called once for each test, also when it failed. */
  dispose(): Promise<void>;
}

const VALUE = 'se"cret\n-ünïque';

const CASES = cases<SecretResolverUnderTest>({
  "a secret is found by its name, as it was put there": async (tried) => {
    await tried.set("db", VALUE);
    await tried.set("chat/token", "other-value");
    assert.equal(await tried.resolver.resolve("db", use()), VALUE);
    assert.equal(await tried.resolver.resolve("chat/token", use()), "other-value");
  },
  "what is not there is undefined, whatever it is called": async (tried) => {
    await tried.set("db", VALUE);
    for (const name of ["DB", "d", "db/", "constructor", "__proto__"])
      assert.equal(await tried.resolver.resolve(name, use()), undefined, name);
  },
  "a secret that was changed is the new one from then on": async (tried) => {
    await tried.set("db", VALUE);
    await tried.resolver.resolve("db", use());
    await tried.set("db", "changed-value");
    assert.equal(await tried.resolver.resolve("db", use()), "changed-value");
  },
  "a secret that was taken away is there no more": async (tried) => {
    await tried.set("db", VALUE);
    await tried.resolver.resolve("db", use());
    await tried.set("db", undefined);
    assert.equal(await tried.resolver.resolve("db", use()), undefined);
  },
  "many are resolved at once, each as if alone": async (tried) => {
    const names = Array.from({ length: 20 }, (_, n) => `s${n}`);
    for (const name of names) await tried.set(name, `value of ${name}`);
    const found = await Promise.all(names.map(async (name) => tried.resolver.resolve(name, use())));
    assert.deepEqual(
      found,
      names.map((name) => `value of ${name}`),
    );
  },
});

/**
 * Registers a test for each promise of the secret resolver port.
 *
 * @throws ConfigurationError when `skip` names tests that do not exist, or gives no reason
 * @example testSecretResolver(test, { create: async () => vaultUnderTest() })
 */
export function testSecretResolver(
  test: RegisterTest,
  options: PortKitOptions<SecretResolverUnderTest>,
): void {
  registerCases("testSecretResolver", test, CASES, options);
}

function use(): SecretUse {
  return { run: "r", pipeline: "promote", stage: "prod", actor: "ana", signal: new AbortController().signal };
}
