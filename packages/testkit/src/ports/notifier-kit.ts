import assert from "node:assert/strict";
import type { Notifier, StartRefusal } from "@gennaker/core/ports";
import type { RegisterTest } from "../provider/options.ts";
import { cases, type PortKitOptions, registerCases } from "./register.ts";
import { Story } from "./story.ts";

/** A notifier to be tried, and what people see of it. */
export interface NotifierUnderTest {
  readonly notifier: Notifier;
  /** The message of a run as people see it now, as text; undefined when there is none. */
  shown(run: string): Promise<string | undefined>;
  /** How many messages of runs there are, edits not counted. */
  messages(): Promise<number>;
  /** What people see of starts that were refused, one text each. */
  refusals(): Promise<readonly string[]>;
  /** From now on nothing reaches people, until `repair`. */
  breakDown(): void;
  /** Notices reach people again. */
  repair(): void;
  /** A notifier of another process for the same people, as after a crash. */
  reopen(): Promise<Notifier>;
  /** Ends everything that the test made. Called once for each test, also when it failed. */
  dispose(): Promise<void>;
}

const REFUSAL: StartRefusal = {
  pipeline: "promote",
  at: Date.UTC(2026, 0, 1),
  actor: "ana",
  error: { code: "GENNAKER_CONFIGURATION", message: "image: must not be empty", retryable: false },
};

const CASES = cases<NotifierUnderTest>({
  "a run has one message, which is edited as the run goes on": async (tried) => {
    const story = new Story("r");
    const texts = new Set<string | undefined>();
    for (let index = 0; index < story.length; index += 1) {
      await tell(tried.notifier, story, index);
      texts.add(await tried.shown("r"));
    }
    assert.equal(await tried.messages(), 1);
    assert.ok(texts.size >= 4, `the message had only ${texts.size} texts over ${story.length} notices`);
  },
  "a message says who started what, who answered, and how it ended and why": async (tried) => {
    const story = new Story("r");
    for (let index = 0; index < story.length; index += 1) await tell(tried.notifier, story, index);
    const text = (await tried.shown("r")) ?? "";
    for (const word of ["ana", "promote-r", "smoke", "cut over?", "rui", "failed", "p99 doubled"])
      assert.ok(text.includes(word), `"${word}" is not in the message: ${text}`);
  },
  "a repetition changes nothing": async (tried) => {
    const story = new Story("r");
    await tell(tried.notifier, story, 0);
    await tell(tried.notifier, story, 3);
    const before = await tried.shown("r");
    await tell(tried.notifier, story, 3, 2);
    assert.deepEqual([await tried.messages(), await tried.shown("r")], [1, before]);
  },
  "an older notice that comes again does not take the message back": async (tried) => {
    const story = new Story("r");
    await tell(tried.notifier, story, 0);
    await tell(tried.notifier, story, story.length - 1);
    const before = await tried.shown("r");
    await tell(tried.notifier, story, 0, 2);
    assert.equal(await tried.shown("r"), before);
  },
  "each run has a message of its own": async (tried) => {
    await Promise.all(["r", "s", "constructor"].map((run) => tell(tried.notifier, new Story(run), 0)));
    assert.equal(await tried.messages(), 3);
    for (const run of ["r", "s", "constructor"])
      assert.ok((await tried.shown(run))?.includes(`promote-${run}`), `run ${run} has another one's message`);
  },
  "what does not reach people rejects, and reaches them when it is told again": async (tried) => {
    const story = new Story("r");
    tried.breakDown();
    await assert.rejects(
      async () => tell(tried.notifier, story, 0),
      "a notice that reached nobody was a success",
    );
    tried.repair();
    await tell(tried.notifier, story, 0, 2);
    assert.ok((await tried.shown("r"))?.includes("promote-r"));
    assert.equal(await tried.messages(), 1);
  },
  "a call that nobody waits for any more rejects": async (tried) => {
    const { event, thread } = new Story("r").notice(0);
    const signal = AbortSignal.abort(new Error("too late"));
    await assert.rejects(async () =>
      tried.notifier.notify(event, { thread, dedupeId: event.id, attempt: 1, signal }),
    );
  },
  "another process goes on with the same message": async (tried) => {
    const story = new Story("r");
    await tell(tried.notifier, story, 0);
    const successor = await tried.reopen();
    assert.equal(successor.name, tried.notifier.name);
    for (const index of [0, story.length - 1]) await tell(successor, story, index);
    assert.equal(await tried.messages(), 1);
    assert.ok((await tried.shown("r"))?.includes("failed"));
  },
  "a start that was refused is shown once, with its reason": async (tried) => {
    const { notifier } = tried;
    assert.ok("refused" in notifier, "it is not told of refused starts");
    for (const attempt of [1, 2]) {
      const signal = new AbortController().signal;
      await notifier.refused?.(REFUSAL, { dedupeId: "refused/promote/1", attempt, signal });
    }
    const [text = "", ...others] = await tried.refusals();
    assert.deepEqual(others, []);
    for (const word of ["promote", "ana", "image: must not be empty"])
      assert.ok(text.includes(word), `"${word}" is not in what is shown: ${text}`);
  },
});

/**
 * Registers a test for each promise of the notifier port.
 *
 * @throws ConfigurationError when `skip` names tests that do not exist, or gives no reason
 * @example testNotifier(test, { create: async () => chatUnderTest() })
 */
export function testNotifier(test: RegisterTest, options: PortKitOptions<NotifierUnderTest>): void {
  registerCases("testNotifier", test, CASES, options);
}

async function tell(notifier: Notifier, story: Story, index: number, attempt: number = 1): Promise<void> {
  const { event, thread } = story.notice(index);
  const { signal } = new AbortController();
  await notifier.notify(event, { thread, dedupeId: event.id, attempt, signal });
}
