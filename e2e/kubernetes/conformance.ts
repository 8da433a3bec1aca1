import { setTimeout as sleep } from "node:timers/promises";
import { testProvider } from "@gennaker/testkit";
import { type Bed } from "../beds/kubernetes/index.ts";
import { type Kind } from "./kinds.ts";
import { openPlace, release } from "./place.ts";
import { leftIn, remove } from "./residue.ts";

/** How the conformance kit went. */
export interface Conformance {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly error: string }[];
  readonly skipped: readonly string[];
}

const AT_ONCE = 6;
const PATIENCE_MS = 60_000;

/** Puts the provider through the kit, with one kind of traffic, against the real API server. */
export async function conformance(
  bed: Bed,
  kind: Kind,
  say: (line: string) => void,
  only = "",
): Promise<Conformance> {
  const tests: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  const skipped: string[] = [];
  const register = Object.assign((name: string, run: () => Promise<void>) => void tests.push({ name, run }), {
    skip: (name: string) => void skipped.push(`${kind}: ${name}`),
  });
  testProvider(register, {
    create: async () => {
      const place = await openPlace(bed, kind);
      return {
        provider: place.provider(),
        cluster: place.cluster,
        release: release("shop:1"),
        otherRelease: release("shop:2"),
        badRelease: release("shop:3-bad-image"),
        reconnect: async () => place.provider(),
        residue: () => leftIn(bed, place.namespace),
        dispose: () => remove(bed, place.namespace),
      };
    },
    wait: async (until, what) => {
      for (const end = Date.now() + PATIENCE_MS; !(await until()); await sleep(50))
        if (Date.now() > end) throw new Error(`still no ${what} after ${PATIENCE_MS} ms`);
    },
    skip:
      kind === "nginxCanary"
        ? [
            {
              reason: "an NGINX canary splits traffic between two groups",
              tests: ["traffic > observed shares of three groups sum to 100"],
            },
          ]
        : [],
  });
  const failed: { name: string; error: string }[] = [];
  const queue = tests.filter(({ name }) => name.includes(only));
  const total = queue.length;
  const worker = async (): Promise<void> => {
    for (let test = queue.shift(); test; test = queue.shift()) {
      const { name, run } = test;
      const since = Date.now();
      try {
        await run();
        say(`✔ ${kind}: ${name} (${Date.now() - since} ms)`);
      } catch (error) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        failed.push({ name: `${kind}: ${name}`, error: text });
        say(`✖ ${kind}: ${name}\n  ${text}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { passed: total - failed.length, failed, skipped };
}
