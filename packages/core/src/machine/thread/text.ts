import { formatDuration } from "../../model/duration.ts";
import type { Thread, ThreadQuestion, ThreadTick, TickMark } from "./thread.ts";

const MARKS: Readonly<Record<TickMark, string>> = {
  open: "○",
  queued: "◌",
  running: "●",
  asking: "⏳",
  retrying: "↺",
  done: "✔",
  failed: "✖",
  back: "↩",
  stopped: "—",
};
const VERDICTS = { pass: "✔", fail: "✖", inconclusive: "?" } as const;

/** A thread as lines of text: who started what, a tick for each stage, questions with who answered, and how it ended. */
export function threadText(thread: Thread): string {
  return [
    title(thread),
    `   ${thread.ticks.map(tick).join("   ")}`,
    ...thread.questions.map(question),
    ...notes(thread).map((note) => `   └ ${note}`),
  ].join("\n");
}

function title({ actor, pipeline, subject, end, paused }: Thread): string {
  const mark = end ? OUTCOMES[end.outcome].mark : paused ? "‖" : "▶";
  const started = `${actor ?? "somebody"} started ${pipeline}`;
  return `${mark} ${started}${subject === undefined ? "" : `  ${subject}`}`;
}

function tick({ stage, mark, phases, over }: ThreadTick): string {
  const own = `${MARKS[mark]} ${stage}`;
  if (over || phases.length === 0) return own;
  return `${own} (${phases.map(({ name, mark: phase }) => `${MARKS[phase]} ${name}`).join(" · ")})`;
}

function question({ stage, phase, roles, answers, status, approvals = 1 }: ThreadQuestion): string {
  const asked = phase === undefined || phase === stage ? stage : `${stage}, ${phase}`;
  const said = answers.map(({ actor, verdict, at, choice, reason }) => {
    const chosen = choice === undefined ? "" : ` (${choice})`;
    return `${VERDICTS[verdict]} ${actor} ${clock(at)}${chosen}${because(reason)}`;
  });
  const approved = answers.filter(({ verdict }) => verdict === "pass").length;
  const count = approvals > 1 ? ` (${approved} of ${approvals})` : "";
  const none = status === "open" ? "waits for an answer" : status;
  return `   └ ${asked} ${roles.join(", ")}${count}:  ${said.length > 0 ? said.join("   ") : none}`;
}

const OUTCOMES = {
  succeeded: { mark: "✔", word: "succeeded" },
  "rolled-back": { mark: "↩", word: "rolled back" },
  cancelled: { mark: "—", word: "cancelled" },
  failed: { mark: "✖", word: "failed" },
} as const;

function notes({ end, paused, parked, cancel, startedAt, position, ticks }: Thread): readonly string[] {
  if (end) {
    const why = end.outcome === "succeeded" ? "" : because(end.reason);
    const ended = `${OUTCOMES[end.outcome].word} after ${formatDuration(Math.max(0, end.at - startedAt))}${why}`;
    const by = cancel?.actor === undefined ? [] : [`cancelled by ${cancel.actor}`];
    return [ended, ...by, ...(end.left ?? []).map((what) => `left: ${what}`)];
  }
  return [
    ...(position === undefined ? [] : [`waits for its turn: ${position} when it came`]),
    ...ticks.flatMap(holding),
    ...(parked === undefined ? [] : [`waits for code: ${parked}`]),
    ...(paused ? [`paused by ${paused.actor ?? "somebody"}${because(paused.reason)}`] : []),
    ...(cancel ? [`${cancel.actor ?? "somebody"} cancels it (${cancel.mode})${because(cancel.reason)}`] : []),
  ];
}

// It may be days away: how long is said as well.
function holding({ stage, held, reason }: ThreadTick): readonly string[] {
  if (!held) return [];
  const { since, opensAt } = held;
  const long = opensAt === undefined ? "" : ` for ${formatDuration(Math.max(0, opensAt - since))}`;
  const until = opensAt === undefined ? "" : `, until ${clock(opensAt)}`;
  return [`${stage} is held${long}${until}${because(reason)}`];
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : `: ${reason}`;
}

/** 14:26, UTC. */
function clock(at: number): string {
  const minutes = Math.floor(at / 60_000) % 1440;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}
