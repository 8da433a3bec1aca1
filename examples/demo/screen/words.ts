import { formatDuration, type GroupView, type Want } from "@gennaker/core";
import type { PhaseProgress, Progress } from "./progress.ts";

/** The short name of a group: `"v002"` of `shop-api-v002`. */
export function shortName(group: string, cluster: string): string {
  return group.startsWith(`${cluster}-`) ? group.slice(cluster.length + 1) : group;
}

/** A text with all group names in it made short. */
export function shortNames(text: string, cluster: string): string {
  return text.replaceAll(`${cluster}-v`, "v");
}

/** The names that a screen shows. The candidate has none before it is there: it is called by what comes next. */
export function namesOf({ stable, candidate, cluster }: Progress): {
  readonly stable: string;
  readonly candidate: string;
} {
  const before = stable === undefined ? "nothing" : shortName(stable, cluster);
  return {
    stable: before,
    candidate: candidate === undefined ? nextName(before) : shortName(candidate, cluster),
  };
}

function nextName(before: string): string {
  return `v${String(Number(before.replace(/^v/, "")) + 1).padStart(3, "0")}`;
}

/** `"3 of 3 healthy"`, `"3 healthy"` when that is all, `"0 instances"`. */
export function health(group: GroupView | undefined): string {
  if (!group) return "none";
  if (group.desired === 0) return "0 instances";
  return group.healthy === group.desired
    ? `${group.healthy} healthy`
    : `${group.healthy} of ${group.desired} healthy`;
}

/** What a phase does, in a few words: that part of its want which the one before did not have. */
export function whatFor(phase: PhaseProgress, progress: Progress): string {
  const names = namesOf(progress);
  if (phase.direction === "back") return wayBack(phase.name, names);
  const { phases } = progress;
  const before = phases[phases.indexOf(phase) - 1]?.want ?? {};
  const want = phase.want ?? {};
  const said = [
    want.candidate !== before.candidate ? candidateSize(phase, progress, names) : undefined,
    candidateShare(want, before, names),
    want.stable !== before.stable ? stableSize(want.stable, progress, names) : undefined,
  ].filter((text) => text !== undefined);
  if (phase.holdMs > 0) said.push(holding(phase, progress, names));
  if (said.length === 0) return "nothing to do";
  const shrinks = want.stable !== before.stable && phase.startedAt === undefined;
  return `${said.join(", ")}${shrinks ? " (kept warm for undo until then)" : ""}`;
}

type Names = ReturnType<typeof namesOf>;

function wayBack(phase: string, { stable: back, candidate: gone }: Names): string {
  if (phase === "restore") return `100 % to ${back}`;
  return phase === "remove" ? `${gone} gone` : "";
}

function candidateSize(phase: PhaseProgress, { size, groups }: Progress, names: Names): string | undefined {
  const want = phase.want?.candidate;
  if (typeof want !== "number") return want && `${names.candidate} removed`;
  const wanted = Math.ceil((size * want) / 100);
  // That the want is met is said at once; what instances there are, a moment later.
  const met = phase.reachedAt !== undefined;
  const healthy = met ? wanted : (groups.find(({ role }) => role === "candidate")?.healthy ?? 0);
  return `${Math.min(healthy, wanted)} of ${wanted} healthy`;
}

function candidateShare(want: Want, before: Want, names: Names): string | undefined {
  const share = want.traffic?.candidate;
  return share === undefined || share === before.traffic?.candidate
    ? undefined
    : `${share} % to ${names.candidate}`;
}

// Stable and candidate are of one size here.
function stableSize(want: Want["stable"], { size }: Progress, names: Names): string | undefined {
  if (want === "gone") return `${names.stable} removed`;
  if (want === undefined || want === 100) return undefined;
  const left = Math.ceil((size * want) / 100);
  return `${names.stable} to ${left} ${left === 1 ? "instance" : "instances"}`;
}

function holding(phase: PhaseProgress, { phases }: Progress, names: Names): string {
  const next = phases[phases.indexOf(phase) + 1];
  const time = `${phase.holdMs / 1000} s`;
  if (phase.broken) return `was to hold for ${time}`;
  if (phase.endedAt !== undefined) return phase.promoted ? "cut short by you" : `held for ${time}`;
  if (!next) return time;
  const ends = next.name === "retire" || next.name === "destroy";
  return `${time}, then ${next.name}${ends ? ` ${names.stable}` : ""}`;
}

/** `"00:07.4"`. */
export function clock(ms: number): string {
  const tenths = Math.max(0, Math.floor(ms / 100));
  return `${twoDigits(tenths / 600)}:${twoDigits((tenths / 10) % 60)}.${tenths % 10}`;
}

function twoDigits(n: number): string {
  return String(Math.floor(n)).padStart(2, "0");
}

/** How long something took: `"8 ms"`, `"0.2 s"`, `"2 m 05 s"`. */
export function seconds(ms: number): string {
  return ms < 100 || ms >= 60_000 ? formatDuration(Math.max(0, ms)) : `${(ms / 1000).toFixed(1)} s`;
}

/** `"14,213"`. */
export function count(n: number): string {
  return n.toLocaleString("en-US");
}
