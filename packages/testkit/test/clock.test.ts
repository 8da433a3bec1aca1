import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { virtualClock } from "../src/index.ts";

const commit = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("timers fire by instant, then in the order in which they were set", async () => {
  const clock = virtualClock(0);
  const fired: string[] = [];
  for (const [name, ms] of Object.entries({ c: 30, a: 10, b: 10, now: 0, past: -5 })) {
    clock.after(ms, () => fired.push(`${name}@${clock.now()}`));
  }
  expect(clock.next()).toBe(0);
  await clock.advance(29);
  expect(fired).toEqual(["now@0", "past@0", "a@10", "b@10"]);
  await clock.advance(1);
  expect(fired.at(-1)).toBe("c@30");
  expect(clock.next()).toBeUndefined();
});

test("thousands of timers set and called off at random fire in order", async () => {
  const clock = virtualClock(0);
  const due: number[] = [];
  const fired: number[] = [];
  for (let index = 0; index < 2000; index++) {
    const ms = (index * 7919) % 1009;
    const cancel = clock.after(ms, () => fired.push(clock.now()));
    if (index % 3 === 0) cancel();
    else due.push(ms);
  }
  while (clock.fireNext());
  expect(fired).toEqual(due.toSorted((a, b) => a - b));
});

test("a timer set while another fires has its turn on the way", async () => {
  const clock = virtualClock(0);
  const fired: number[] = [];
  const tick = (): void => {
    fired.push(clock.now());
    clock.after(10, tick);
  };
  clock.after(10, tick);
  await clock.runUntil(35);
  expect(fired).toEqual([10, 20, 30]);
  expect(clock.now()).toBe(35);
});

test("time stands still until deep promise chains and commits once per tick have settled", async () => {
  const clock = virtualClock(0);
  const woke: number[] = [];
  clock.after(10, () => {
    void (async () => {
      for (let turn = 0; turn < 20; turn++) {
        for (let depth = 0; depth < 50; depth++) await Promise.resolve();
        await commit();
      }
      woke.push(clock.now());
    })();
  });
  clock.after(11, () => woke.push(clock.now()));
  await clock.advance(100);
  expect(woke).toEqual([10, 11]);
});

test("time stands still while a file is read", async () => {
  const clock = virtualClock(0);
  const woke: number[] = [];
  const read = async (): Promise<void> => {
    await readFile(import.meta.filename);
    await readFile(import.meta.filename);
    woke.push(clock.now());
  };
  clock.after(10, () => void read());
  clock.after(11, () => woke.push(clock.now()));
  await clock.advance(100);
  expect(woke).toEqual([10, 11]);
});

test("a promise is driven to its end, and settles as it did", async () => {
  const clock = virtualClock(0);
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
  const work = async (): Promise<string> => {
    await sleep(5000);
    await sleep(5000);
    return "done";
  };
  expect(await clock.drive(work())).toBe("done");
  expect(clock.now()).toBe(10_000);
  await expect(clock.drive(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});

test("work that can never settle is told, with the instant", async () => {
  const clock = virtualClock(0);
  await expect(clock.drive(new Promise(() => {}))).rejects.toThrow(
    "1970-01-01T00:00:00.000Z: still waiting, but nothing is scheduled any more",
  );
  const again = (): void => void clock.after(1000, again);
  again();
  await expect(clock.runUntil(() => false, { withinMs: 60_000 })).rejects.toThrow(
    "after 60000 ms of virtual time",
  );
});

test("a predicate is asked after each timer", async () => {
  const clock = virtualClock(0);
  let count = 0;
  for (const ms of [1, 2, 3]) clock.after(ms, () => count++);
  await clock.runUntil(() => count === 2);
  expect(clock.now()).toBe(2);
});
