import assert from "node:assert/strict";
import type { Authorizer, Permission, Resource } from "@gennaker/core/ports";
import type { RegisterTest } from "../provider/options.ts";
import { cases, registerCases } from "./register.ts";
import type { SkippedTests } from "../provider/options.ts";

/** What an actor is allowed in a test. */
export interface GrantedRight {
  readonly actor: string;
  readonly may: readonly Permission[];
  readonly on: Resource;
}

/** Who may what in a test, and who has which roles. */
export interface GrantedRights {
  readonly grants: readonly GrantedRight[];
  readonly roles: { readonly [actor: string]: readonly string[] };
}

/** An authorizer to be tried. */
export interface AuthorizerUnderTest {
  readonly authorizer: Authorizer;
  /** Ends everything that the test made. Called once, also when the test failed. */
  dispose(): Promise<void>;
}

/** How to try an authorizer. */
export interface AuthorizerKitOptions {
  /** An authorizer that grants exactly this. Called for each test: fresh and isolated. */
  readonly create: (rights: GrantedRights) => Promise<AuthorizerUnderTest>;
  readonly skip?: readonly SkippedTests[];
}

interface Tried {
  with(rights: Partial<GrantedRights>): Promise<Authorizer>;
  dispose(): Promise<void>;
}

const SHOP: Resource = { kind: "application", name: "shop" };
const PROMOTE: Resource = { kind: "pipeline", name: "promote", application: "shop" };
const PROD: Resource = { kind: "account", provider: "kubernetes", account: "prod" };
const ALL: readonly Permission[] = ["READ", "EXECUTE", "WRITE", "CREATE", "JUDGE", "ADMIN"];

const CASES = cases<Tried>({
  "what nobody granted is denied": async (tried) => {
    const authorizer = await tried.with({});
    for (const resource of [SHOP, PROMOTE, PROD])
      for (const permission of ALL) assert.equal(await authorizer.can("ana", permission, resource), false);
  },
  "what is granted on a resource is allowed there, and on no other": async (tried) => {
    for (const on of [SHOP, PROMOTE, PROD]) {
      const authorizer = await tried.with({ grants: [{ actor: "ana", may: ["EXECUTE"], on }] });
      assert.equal(await authorizer.can("ana", "EXECUTE", on), true);
      for (const other of others(on))
        assert.equal(await authorizer.can("ana", "EXECUTE", other), false, text(other));
    }
  },
  "a permission includes no other one, but ADMIN includes all": async (tried) => {
    for (const granted of ALL) {
      const authorizer = await tried.with({ grants: [{ actor: "ana", may: [granted], on: PROMOTE }] });
      for (const permission of ALL) {
        const allowed = granted === "ADMIN" || permission === granted;
        assert.equal(
          await authorizer.can("ana", permission, PROMOTE),
          allowed,
          `${permission} by ${granted}`,
        );
      }
    }
  },
  "a grant on an application is one on its pipelines": async (tried) => {
    const authorizer = await tried.with({ grants: [{ actor: "ana", may: ["EXECUTE"], on: SHOP }] });
    assert.equal(await authorizer.can("ana", "EXECUTE", PROMOTE), true);
    assert.equal(await authorizer.can("ana", "EXECUTE", { kind: "pipeline", name: "shop" }), false);
  },
  "an account is one of its provider": async (tried) => {
    const authorizer = await tried.with({ grants: [{ actor: "ana", may: ["WRITE"], on: PROD }] });
    assert.equal(await authorizer.can("ana", "WRITE", { ...PROD, provider: "ecs" }), false);
  },
  "a grant is its actor's alone, whatever others are called": async (tried) => {
    const authorizer = await tried.with({ grants: [{ actor: "ana", may: ALL, on: PROMOTE }] });
    for (const actor of ["rui", "ANA", "ana ", "", "constructor", "__proto__", undefined])
      assert.equal(await authorizer.can(actor, "READ", PROMOTE), false, `actor ${String(actor)}`);
  },
  "an actor has the roles that were given, and nobody else has any": async (tried) => {
    const authorizer = await tried.with({ roles: { rui: ["qa", "lead"] } });
    assert.deepEqual([...((await authorizer.roles("rui")) ?? [])].toSorted(), ["lead", "qa"]);
    for (const actor of ["ana", "constructor", undefined])
      assert.deepEqual((await authorizer.roles(actor)) ?? "not known", [], `actor ${String(actor)}`);
  },
  "many questions at once are each answered as if alone": async (tried) => {
    const authorizer = await tried.with({ grants: [{ actor: "ana", may: ["EXECUTE"], on: PROMOTE }] });
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) =>
        authorizer.can(n % 2 === 0 ? "ana" : "rui", "EXECUTE", PROMOTE),
      ),
    );
    assert.deepEqual(
      answers,
      answers.map((_, n) => n % 2 === 0),
    );
  },
});

/**
 * Registers a test for each promise of the authorizer port.
 *
 * @throws ConfigurationError when `skip` names tests that do not exist, or gives no reason
 * @example testAuthorizer(test, { create: async ({ grants, roles }) => directoryWith(grants, roles) })
 */
export function testAuthorizer(test: RegisterTest, { create, skip }: AuthorizerKitOptions): void {
  const fresh = async (): Promise<Tried> => {
    const made: { dispose(): Promise<void> }[] = [];
    return {
      async with({ grants = [], roles = {} }) {
        const underTest = await create({ grants, roles });
        made.push(underTest);
        return underTest.authorizer;
      },
      async dispose() {
        for (const underTest of made) await underTest.dispose();
      },
    };
  };
  registerCases("testAuthorizer", test, CASES, { create: fresh, ...(skip && { skip }) });
}

// Of the same kind with another name, and of the other kinds.
function others(on: Resource): readonly Resource[] {
  const elsewhere: readonly Resource[] = [
    { kind: "application", name: "mail" },
    { kind: "pipeline", name: "other", application: "mail" },
    { kind: "account", provider: "kubernetes", account: "staging" },
  ];
  const above = [SHOP, PROD].filter((resource) => resource !== on);
  return [...elsewhere, ...above];
}

function text(resource: Resource): string {
  return JSON.stringify(resource);
}
