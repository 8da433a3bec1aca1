import { ConfigurationError } from "@gennaker/core/ports";
import type { RegisterTest, SkippedTests } from "../provider/options.ts";

/** One promise of a port, and how it is tried on what is under test. */
export interface PortCase<UnderTest> {
  /** What holds, as a sentence. */
  readonly name: string;
  readonly run: (underTest: UnderTest) => Promise<void>;
}

/** Cases by their names. */
export function cases<UnderTest>(
  tried: Readonly<Record<string, (underTest: UnderTest) => Promise<void>>>,
): readonly PortCase<UnderTest>[] {
  return Object.entries(tried).map(([name, run]) => ({ name, run }));
}

/** What is common to kits of ports. */
export interface PortKitOptions<UnderTest> {
  /** Called for each test: fresh and isolated. */
  readonly create: () => Promise<UnderTest>;
  readonly skip?: readonly SkippedTests[];
}

/**
 * Registers a test for each case.
 *
 * @throws ConfigurationError when `skip` names tests that do not exist, or gives no reason
 */
export function registerCases<UnderTest extends { dispose(): Promise<void> }>(
  kit: string,
  test: RegisterTest,
  tried: readonly PortCase<UnderTest>[],
  { create, skip = [] }: PortKitOptions<UnderTest>,
): void {
  const skipped = reasons(kit, tried, skip);
  for (const { name, run } of tried) {
    const reason = skipped.get(name);
    if (reason === undefined) test(name, () => tryCase(run, create));
    else (test.skip ?? test)(`${name} (skipped: ${reason})`, async () => {});
  }
}

async function tryCase<UnderTest extends { dispose(): Promise<void> }>(
  run: PortCase<UnderTest>["run"],
  create: () => Promise<UnderTest>,
): Promise<void> {
  const underTest = await create();
  try {
    await run(underTest);
  } finally {
    await underTest.dispose();
  }
}

function reasons(
  kit: string,
  tried: readonly { readonly name: string }[],
  skips: readonly SkippedTests[],
): ReadonlyMap<string, string> {
  const names = new Set(tried.map(({ name }) => name));
  const problems = skips.flatMap(({ reason, tests }) => [
    ...(reason.trim() === "" ? [`skip: ${tests.join(", ")}: a reason is needed`] : []),
    ...tests.filter((name) => !names.has(name)).map((name) => `skip: there is no test called "${name}"`),
  ]);
  if (problems.length > 0) throw new ConfigurationError(kit, problems);
  return new Map(skips.flatMap(({ reason, tests }) => tests.map((name) => [name, reason] as const)));
}
