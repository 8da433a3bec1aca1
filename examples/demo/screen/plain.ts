import type { Event } from "@gennaker/core";
import type { Scene } from "./scene.ts";
import { clock, count, health, namesOf, shortName, shortNames, whatFor } from "./words.ts";

/** What one event says in a log, after it was followed: lines that tell a person something. */
export function sentences(event: Event, scene: Pick<Scene, "progress" | "load">): readonly string[] {
  const said = sentence(event, scene);
  return [...heldUntil(event, scene.progress), ...(said === undefined ? [] : [said])];
}

// The end of a hold has no event of its own: the next phase begins.
function heldUntil(event: Event, progress: Scene["progress"]): string[] {
  if (event.type !== "rollout-phase-started" && event.type !== "rollout-finished") return [];
  const ended = progress.phases.findLast(({ endedAt }) => endedAt === event.at);
  return ended && ended.holdMs > 0 && !ended.broken ? [phase("✔", ended.name, whatFor(ended, progress))] : [];
}

function sentence(event: Event, { progress, load }: Pick<Scene, "progress" | "load">): string | undefined {
  const { cluster } = progress;
  switch (event.type) {
    case "rollout-planned":
      return `phases: ${event.rollout.phases.map(({ name }) => name).join(" → ")}`;
    case "rollout-phase-started":
      return phase("●", event.phase, "begins");
    case "rollout-phase-reached":
      return reached(event.phase, progress);
    case "rollout-phase-lost":
      return phase("●", event.phase, shortNames(event.reason, cluster));
    case "rollout-observed":
      return `instances: ${event.groups.map((group) => `${shortName(group.name, cluster)} ${health(group)}`).join(", ")}`;
    case "traffic-shifted":
      return `traffic: ${shares(event.shares, cluster)} (${count(load.sent)} sent, ${count(load.failed)} failed)`;
    case "rollout-turned-back":
      return `✖ turned back: ${shortNames(event.reason, cluster)}`;
    case "run-paused":
      return "paused";
    case "run-resumed":
      return "goes on";
    case "rollout-phase-promoted":
      return phase("●", event.phase, "promoted: its hold is skipped");
    case "run-cancel-requested":
      return `abort: traffic to ${namesOf(progress).stable}, then ${namesOf(progress).candidate} is removed`;
    default:
      return undefined;
  }
}

function phase(mark: string, name: string, text: string): string {
  return `${mark} ${name.padEnd(10)} ${text}`;
}

function reached(name: string, progress: Scene["progress"]): string | undefined {
  const found = progress.phases.findLast((one) => one.name === name);
  return found && phase(found.holdMs > 0 ? "●" : "✔", name, whatFor(found, progress));
}

function shares(all: Readonly<Record<string, number>>, cluster: string): string {
  const list = Object.entries(all).map(([name, share]) => `${share} % ${shortName(name, cluster)}`);
  return list.join(", ") || "nobody";
}

/** A line of a log: when, and what. */
export function logLine(ms: number, text: string): string {
  return `${clock(ms)}  ${text}`;
}
