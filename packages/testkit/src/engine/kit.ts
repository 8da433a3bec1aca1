import { ConfigurationError } from "@gennaker/core/ports";
import type { RegisterTest, SkippedTests } from "../provider/options.ts";
import type { Case } from "./case.ts";
import { atomicity } from "./cases/atomicity.ts";
import { closing } from "./cases/closing.ts";
import { creating } from "./cases/creating.ts";
import { cursors } from "./cases/cursors.ts";
import { durability } from "./cases/durability.ts";
import { known } from "./cases/known.ts";
import { leases } from "./cases/leases.ts";
import { lists } from "./cases/lists.ts";
import { order } from "./cases/order.ts";
import { permits } from "./cases/permits.ts";
import { pruning } from "./cases/pruning.ts";
import { timers } from "./cases/timers.ts";
import type { EngineKitOptions } from "./options.ts";
import { Trial } from "./trial.ts";

const CASES: readonly Case[] = [
  ...atomicity,
  ...leases,
  ...order,
  ...known,
  ...creating,
  ...timers,
  ...durability,
  ...permits,
  ...lists,
  ...cursors,
  ...pruning,
  ...closing,
];

/**
 * Registers a test for each promise of the engine port. Where the log ends with its process, what must survive is
 * tried for its absence. Nothing is switched off but by `skip`, with a reason that is printed.
 *
 * @throws ConfigurationError when `skip` names tests that do not exist, or gives no reason
 * @example
 * testEngine(test, {
 *   clock: virtualClock(),
 *   create: async () => {
 *     const file = join(await mkdtemp(join(tmpdir(), "kit-")), "log.db")
 *     return {
 *       engine: sqlite(file),
 *       reopen: async () => sqlite({ file, takeover: true }),
 *       dispose: () => rm(dirname(file), { recursive: true }),
 *     }
 *   },
 * })
 */
export function testEngine(test: RegisterTest, options: EngineKitOptions): void {
  const skipped = reasons(options.skip ?? []);
  for (const { name, run } of CASES) {
    const reason = skipped.get(name);
    if (reason === undefined) test(name, () => tryCase(run, options));
    else (test.skip ?? test)(`${name} (skipped: ${reason})`, nothing);
  }
}

const nothing = async (): Promise<void> => {};

async function tryCase(run: Case["run"], options: EngineKitOptions): Promise<void> {
  const trial = await Trial.begin(options);
  try {
    await run(trial);
    trial.checkCallbacks();
  } finally {
    await trial.dispose();
  }
}

function reasons(skips: readonly SkippedTests[]): ReadonlyMap<string, string> {
  const names = new Set(CASES.map(({ name }) => name));
  const problems = skips.flatMap(({ reason, tests }) => [
    ...(reason.trim() === "" ? [`skip: ${tests.join(", ")}: a reason is needed`] : []),
    ...tests.filter((name) => !names.has(name)).map((name) => `skip: there is no test called "${name}"`),
  ]);
  if (problems.length > 0) throw new ConfigurationError("testEngine", problems);
  return new Map(skips.flatMap(({ reason, tests }) => tests.map((name) => [name, reason] as const)));
}
