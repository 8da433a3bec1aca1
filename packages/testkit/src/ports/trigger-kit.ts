import assert from "node:assert/strict";
import type { Json, Trigger, TriggeredStart } from "@gennaker/core/ports";
import type { RegisterTest } from "../provider/options.ts";
import { cases, type PortKitOptions, registerCases } from "./register.ts";

/** A trigger to be tried, and its source. */
export interface TriggerUnderTest {
  readonly trigger: Trigger;
  /** Something outside asks for a start of this pipeline with this input; resolves when the source has it. */
  offer(pipeline: string, input: Json): Promise<void>;
  /** A trigger of another process on the same source, as after a crash. Absent where the source ends with its process. */
  reopen?(): Promise<Trigger>;
  /** Milliseconds of real time to wait for what must come; default 5000. */
  readonly patienceMs?: number;
  /** Ends everything that the test made. Called once for each test, also when it failed. */
  dispose(): Promise<void>;
}

const PATIENCE_MS = 5000;

const CASES = cases<TriggerUnderTest>({
  "starts come in the order in which they were asked for, each with its pipeline and input": async (
    tried,
  ) => {
    const starts = new Following(tried.trigger, tried);
    for (const n of [1, 2, 3]) await tried.offer("promote", { n });
    const taken: Json[] = [];
    for (let n = 0; n < 3; n += 1) {
      const start = await starts.take();
      taken.push([start.pipeline, start.input]);
      await start.acknowledge(`run-${n}`);
    }
    assert.deepEqual(
      taken,
      [1, 2, 3].map((n) => ["promote", { n }]),
    );
    await starts.stop();
  },
  "what is asked for while nobody follows waits at its source": async (tried) => {
    await tried.offer("promote", { n: 1 });
    await tried.offer("promote", { n: 2 });
    const starts = new Following(tried.trigger, tried);
    for (const n of [1, 2]) {
      const start = await starts.take();
      assert.deepEqual(start.input, { n });
      await start.acknowledge("run");
    }
    await starts.stop();
  },
  "each start has a dedupe id of its own": async (tried) => {
    const starts = new Following(tried.trigger, tried);
    // Two that are alike are two all the same.
    for (const _ of [1, 2]) await tried.offer("promote", { n: 1 });
    const ids = [];
    for (const _ of [1, 2]) {
      const start = await starts.take();
      assert.ok(start.dedupeId !== "", "a dedupe id is empty");
      ids.push(start.dedupeId);
      await start.acknowledge("run");
    }
    assert.notEqual(ids[0], ids[1]);
    await starts.stop();
  },
  "what was not acknowledged is asked for again, with the same dedupe id": async (tried) => {
    await tried.offer("promote", { n: 1 });
    const first = new Following(tried.trigger, tried);
    const before = await first.take();
    await first.stop();
    const again = new Following(tried.trigger, tried);
    const after = await again.take();
    assert.deepEqual([after.dedupeId, after.input], [before.dedupeId, before.input]);
    await again.stop();
  },
  "what was acknowledged is not asked for again": (tried) =>
    isNotAskedForAgain(tried, (start) => start.acknowledge("run-1")),
  "what was refused is not asked for again": (tried) =>
    isNotAskedForAgain(tried, async (start) => {
      const error = { code: "GENNAKER_CONFIGURATION", message: "no such pipeline", retryable: false };
      await start.refuse?.(error);
    }),
  "it ends when its signal aborts, also while it waits for something to come": async (tried) => {
    const starts = new Following(tried.trigger, tried);
    const waiting = starts.next();
    await starts.stop();
    assert.equal((await within(waiting, tried, "the end of a trigger that was stopped")).done, true);
  },
  "another process goes on with what was not acknowledged": async (tried) => {
    for (const n of [1, 2]) await tried.offer("promote", { n });
    const first = new Following(tried.trigger, tried);
    await (await first.take()).acknowledge("run-1");
    await first.stop();
    const successor = await tried.reopen?.();
    assert.ok(successor, "its source ends with its process: skip this test, and say so");
    const then = new Following(successor, tried);
    assert.deepEqual((await then.take()).input, { n: 2 });
    await then.stop();
  },
});

/**
 * Registers a test for each promise of the trigger port.
 *
 * @throws ConfigurationError when `skip` names tests that do not exist, or gives no reason
 * @example testTrigger(test, { create: async () => queueUnderTest() })
 */
export function testTrigger(test: RegisterTest, options: PortKitOptions<TriggerUnderTest>): void {
  registerCases("testTrigger", test, CASES, options);
}

async function isNotAskedForAgain(
  tried: TriggerUnderTest,
  answer: (start: TriggeredStart) => Promise<void> | void,
): Promise<void> {
  await tried.offer("promote", { n: 1 });
  const first = new Following(tried.trigger, tried);
  await answer(await first.take());
  await first.stop();
  await tried.offer("promote", { n: 2 });
  const again = new Following(tried.trigger, tried);
  assert.deepEqual((await again.take()).input, { n: 2 });
  await again.stop();
}

/** Takes starts from a trigger, one after the other. */
class Following {
  readonly #stop = new AbortController();
  readonly #starts: AsyncIterator<TriggeredStart>;
  readonly #tried: TriggerUnderTest;

  constructor(trigger: Trigger, tried: TriggerUnderTest) {
    this.#starts = trigger.starts({ signal: this.#stop.signal })[Symbol.asyncIterator]();
    this.#tried = tried;
  }

  next(): Promise<IteratorResult<TriggeredStart>> {
    return this.#starts.next();
  }

  async take(): Promise<TriggeredStart> {
    const next = await within(this.next(), this.#tried, "a start that was asked for");
    assert.ok(!next.done, "the trigger ended by itself");
    return next.value;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
  }
}

async function within<T>(
  waited: Promise<T>,
  { patienceMs = PATIENCE_MS }: TriggerUnderTest,
  what: string,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new assert.AssertionError({ message: `never: ${what}` })),
    patienceMs,
  );
  try {
    return await Promise.race([waited, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
