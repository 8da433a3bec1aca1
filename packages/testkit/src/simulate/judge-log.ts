import type { Event } from "@gennaker/core/ports";

const ENDS: ReadonlySet<Event["type"]> = new Set([
  "stage-succeeded",
  "stage-failed",
  "stage-cancelled",
  "stage-skipped",
  "stage-bypassed",
]);

/** What is never said twice, also when its stage is retried. */
const FOR_EVER = /^(command|judgement) /;

/** What a rollout that failed and goes on watching may still say when its run is over. */
const AFTERMATH = /^rollout-|^traffic-|^stage-progressed$/;

/** Where the log of one run says something twice, or goes on after the end; one line each. */
export function judgeLog(events: readonly Event[]): readonly string[] {
  const wrong: string[] = [];
  const once = new Map<string, Event>();
  const first = (key: string, event: Event): void => {
    const before = once.get(key);
    if (before) wrong.push(`${event.id}: ${key}, a second time (first: ${before.id} ${before.type})`);
    else once.set(key, event);
  };
  for (const [seq, event] of events.entries()) {
    if (event.seq !== seq) wrong.push(`${event.id}: has number ${event.seq}, not ${seq}`);
    if (event.type === "run-retried") forget(once, event.stages);
    else if (once.has("the run ends") && event.type !== "run-finished" && !AFTERMATH.test(event.type))
      wrong.push(`${event.id}: ${event.type} after the run was over`);
    for (const key of keysOf(event)) first(key, event);
  }
  return wrong;
}

// A person had stages carried out anew: they may begin and end once more; a run that was over waits for a place again.
function forget(once: Map<string, Event>, stages: readonly string[]): void {
  if (once.delete("the run ends")) once.delete("the run is admitted");
  for (const [key, event] of once)
    if ("stage" in event && stages.includes(event.stage) && !FOR_EVER.test(key)) once.delete(key);
}

/** What an event says that may be said once. */
function keysOf(event: Event): readonly string[] {
  if (event.type === "run-started") return ["the run begins"];
  if (event.type === "run-finished") return ["the run ends"];
  if (event.type === "run-admitted") return ["the run is admitted"];
  if (event.type === "stage-superseded") return [`stage ${event.stage} is superseded`];
  if (event.type === "stage-started") return [`stage ${event.stage} begins`];
  if (ENDS.has(event.type) && "stage" in event) return [`stage ${event.stage} ends`];
  if (event.type === "stage-retried") return [`stage ${event.stage}, attempt ${event.attempt} fails`];
  if (event.type === "stage-step-recorded") return [`stage ${event.stage}, step ${event.step} is recorded`];
  if (event.type === "rollout-planned") return [`the rollout of stage ${event.stage} is planned`];
  if (event.type === "rollout-finished") return [`the rollout of stage ${event.stage} ends`];
  if (event.type === "rollout-command-sent") return [`command ${event.command} is said`];
  if (event.type === "judgement-answered" && event.verdict !== "inconclusive")
    return [`judgement ${event.judgement} is decided`];
  if (event.type === "check-measured") return [`measurement ${event.measurement} of ${event.gate} is made`];
  if (event.type === "check-closed") return [`check ${event.gate} is decided`];
  return [];
}
