import { ConfigurationError } from "../errors.ts";
import type { Calendar, Closed } from "../model/calendar.ts";
import type { PipelineStage } from "../model/pipeline-stage.ts";

/** Until when a stage is held, and why. */
export interface Hold {
  /** When it is looked at again. */
  readonly until: number;
  readonly reason: string;
  /** When its windows open, as far as can be seen. */
  readonly opensAt?: number;
}

// What opens late, or never, is looked at once a day: the code of windows may have changed.
const LOOK_AGAIN_MS = 86_400_000;
const HOPS_MAX = 1000;

/**
 * What holds a stage up now; undefined: nothing. All of its calendars must be open. A stage that had to wait begins at a
 * moment of the calendars' jitter that is its own, the same each time.
 *
 * @throws ConfigurationError when a calendar throws
 */
export function holdOf(
  { name, windows = [] }: Pick<PipelineStage, "name" | "windows">,
  now: number,
  seed: string,
): Hold | undefined {
  if (windows.length === 0) return undefined;
  try {
    const closed = jointlyClosed(windows, now);
    return closed && hold(closed, windows, now, seed);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`stage ${JSON.stringify(name)}`, [`windows: threw: ${why}`], {
      cause: error,
    });
  }
}

/** What keeps one of several calendars closed, and when all of them are open. */
export function jointlyClosed(windows: readonly Calendar[], now: number): Closed | undefined {
  let first: Closed | undefined;
  let instant = now;
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    const closed = firstClosed(windows, instant);
    if (!closed) return first && { reason: first.reason, opensAt: instant };
    first ??= closed;
    if (closed.opensAt === undefined || closed.opensAt <= instant) return { reason: closed.reason };
    instant = closed.opensAt;
  }
  return first && { reason: first.reason };
}

function firstClosed(windows: readonly Calendar[], instant: number): Closed | undefined {
  for (const calendar of windows) {
    const closed = calendar.closed(instant);
    if (closed) return closed;
  }
  return undefined;
}

function hold({ reason, opensAt }: Closed, windows: readonly Calendar[], now: number, seed: string): Hold {
  const latest = now + LOOK_AGAIN_MS;
  if (opensAt === undefined) return { until: latest, reason };
  const jitterMs = Math.max(0, ...windows.map((calendar) => calendar.jitterMs ?? 0));
  const spread = opensAt + (jitterMs > 0 ? hash(seed) % Math.ceil(jitterMs) : 0);
  // A window may be shorter than the jitter.
  const begins = firstClosed(windows, spread) ? opensAt : spread;
  return { until: Math.min(begins, latest), reason, opensAt };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return value;
}
