import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Alarms } from "../src/engine/alarms.ts";
import { systemClock } from "../src/ports.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const DAY = 86_400_000;

it("calls back after a hundred days, although a timer of Node reaches no further than 24", () => {
  let called = 0;
  systemClock.after(100 * DAY, () => (called += 1));
  vi.advanceTimersByTime(99 * DAY);
  expect(called).toBe(0);
  vi.advanceTimersByTime(DAY);
  expect(called).toBe(1);
});

it("can be called off at any time, also after the first 24 days", () => {
  let called = 0;
  const callOff = systemClock.after(100 * DAY, () => (called += 1));
  vi.advanceTimersByTime(50 * DAY);
  callOff();
  vi.advanceTimersByTime(100 * DAY);
  expect([called, vi.getTimerCount()]).toEqual([0, 0]);
});

it("rings at the instant that was set, also when the clock is set back meanwhile", () => {
  const rung: number[] = [];
  const start = Date.now();
  const alarms = new Alarms(systemClock, () => rung.push(Date.now()));
  alarms.set("run", start + 10_000);
  vi.advanceTimersByTime(5000);
  vi.setSystemTime(start - 60_000);
  vi.advanceTimersByTime(10_000);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(70_000);
  expect(rung).toHaveLength(1);
  expect(rung[0]).toBeGreaterThanOrEqual(start + 10_000);
  expect(vi.getTimerCount()).toBe(0);
});

it("keeps one timer for ten thousand runs, and rings each of them once", () => {
  const rung = new Set<string>();
  const alarms = new Alarms(systemClock, (run) => rung.add(run));
  const start = Date.now();
  for (let n = 0; n < 10_000; n += 1) alarms.set(`${n}`, start + ((n * 7919) % 10_000));
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(10_000);
  expect(rung.size).toBe(10_000);
  expect(vi.getTimerCount()).toBe(0);
});
