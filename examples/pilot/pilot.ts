import {
  ConfigurationError,
  type Duration,
  parseDuration,
  type Phase,
  type Situation,
  type Strategy,
  type Want,
} from "@gennaker/core";

/** What `pilot` takes; all optional. */
export interface PilotOptions {
  /** How long the first instance must stay well before the others follow. Default `"10m"`. */
  readonly flight?: Duration;
}

const ALL: Want = { candidate: 100, traffic: { candidate: 100 } };
const DEADLINE_MS = 600_000;

/** One instance of the candidate gets an even part of the traffic for a while; if it stays well, all follow. */
export const pilot: { (options?: PilotOptions): Strategy; readonly strategy: string } = Object.assign(make, {
  strategy: "pilot",
});

function make({ flight = "10m" }: PilotOptions = {}): Strategy {
  const flightMs = lengthOf(flight);
  return {
    name: "pilot",
    version: 1,
    options: { flight },
    size: "match",
    modes: ["weighted", "proportional"],
    rollout: (situation) => ({
      phases: serves(situation) ? replace(situation, flightMs) : first(),
      minHealthy: 100,
      onRollback: "destroy",
    }),
  };
}

function serves({ stable }: Situation): boolean {
  return stable !== undefined && stable.share > 0 && stable.desired > 0;
}

// Stable keeps its size until the candidate serves all: the way back needs no new instance.
function replace({ stable }: Situation, holdMs: number): readonly Phase[] {
  const part = Math.max(1, Math.floor(100 / ((stable?.desired ?? 1) + 1)));
  // Percentages are rounded up: 1 % is one instance of up to a hundred.
  const one: Want = { stable: 100, candidate: 1, traffic: { stable: 100 - part, candidate: part } };
  return [
    phase("pilot", one, "back", holdMs),
    phase("follow", { ...ALL, stable: 100 }, "back"),
    phase("retire", { ...ALL, stable: 0, others: { warm: 0, keep: 1 } }, "forward"),
  ];
}

function first(): readonly Phase[] {
  return [phase("launch", { candidate: 100 }, "back"), phase("open", ALL, "back")];
}

function phase(name: string, want: Want, after: Phase["after"], holdMs = 0): Phase {
  return { name, want, holdMs, deadlineMs: DEADLINE_MS, after };
}

function lengthOf(flight: Duration): number {
  try {
    return parseDuration(flight);
  } catch {
    throw new ConfigurationError("pilot", [
      `flight: ${JSON.stringify(flight)} is not a duration (write "10m")`,
    ]);
  }
}
