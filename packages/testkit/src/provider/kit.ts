import { ConfigurationError, type Json } from "@gennaker/core/ports";
import type { Case } from "./case.ts";
import { cancellation } from "./cases/cancellation.ts";
import { conditions } from "./cases/conditions.ts";
import { create } from "./cases/create.ts";
import { destroy } from "./cases/destroy.ts";
import { errors } from "./cases/errors.ts";
import { fencing } from "./cases/fencing.ts";
import { observe } from "./cases/observe.ts";
import { previews } from "./cases/preview.ts";
import { residue } from "./cases/residue.ts";
import { scale } from "./cases/scale.ts";
import { traffic } from "./cases/traffic.ts";
import { watching } from "./cases/watch.ts";
import type { ProviderKitOptions, ProviderUnderTest, RegisterTest, SkippedTests } from "./options.ts";
import { Trial } from "./trial.ts";

const CASES: readonly Case[] = [
  ...create,
  ...scale,
  ...traffic,
  ...destroy,
  ...fencing,
  ...conditions,
  ...watching,
  ...previews,
  ...observe,
  ...errors,
  ...cancellation,
  ...residue,
];

/**
 * Registers a test for each promise of the provider port. What holds is read from `provider.supports`: a feature that
 * is absent is tried too, for its absence. Nothing is switched off but by `skip`, with a reason that is printed.
 *
 * @throws ConfigurationError when `skip` names tests that do not exist, or gives no reason
 * @example
 * testProvider(test, {
 *   create: async () => {
 *     const directory = await mkdtemp(join(tmpdir(), "kit-"))
 *     const provider = local({ directory })
 *     return { provider, cluster: "shop", release, dispose: () => provider.end() }
 *   },
 *   wait: async (until, what) => {
 *     for (const end = Date.now() + 10_000; !(await until()); await sleep(20)) {
 *       if (Date.now() > end) throw new Error(`still no ${what} after 10 s`)
 *     }
 *   },
 * })
 */
export function testProvider<Release>(test: RegisterTest, options: ProviderKitOptions<Release>): void {
  const skipped = reasons(options.skip ?? []);
  for (const { name, run } of CASES) {
    const reason = skipped.get(name);
    if (reason === undefined) test(name, () => tryCase(run, options));
    else skip(test, `${name} (skipped: ${reason})`);
  }
}

async function tryCase<Release>(run: Case["run"], options: ProviderKitOptions<Release>): Promise<void> {
  // To the kit a release is only something to pass on.
  const place = (await options.create()) as unknown as ProviderUnderTest<Json>;
  const trial = new Trial(place, options.wait);
  try {
    await run(trial);
  } finally {
    await trial.dispose();
  }
}

const nothing = async (): Promise<void> => {};

function skip(test: RegisterTest, name: string): void {
  if (test.skip) test.skip(name, nothing);
  else test(name, nothing);
}

function reasons(skips: readonly SkippedTests[]): ReadonlyMap<string, string> {
  const names = new Set(CASES.map((it) => it.name));
  const problems = skips.flatMap(({ reason, tests }) => [
    ...(reason.trim() === "" ? [`skip: ${tests.join(", ")}: a reason is needed`] : []),
    ...tests.filter((name) => !names.has(name)).map((name) => `skip: there is no test "${name}"`),
  ]);
  if (problems.length > 0) throw new ConfigurationError("testProvider", problems);
  return new Map(skips.flatMap(({ reason, tests }) => tests.map((name) => [name, reason] as const)));
}
