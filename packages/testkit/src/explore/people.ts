// What people do: answer, cancel, pause, resume, promote.
import type { Phase, Rollout } from "@gennaker/core";
import type { NewEvent, Verdict } from "@gennaker/core/ports";
import { append, STAGE } from "./log.ts";
import type { Move } from "./moves.ts";
import type { Node } from "./node.ts";
import type { Fault } from "./options.ts";
import type { Brief } from "./properties.ts";

/** In the ordinary course of things a question is answered, who waits for it is promoted, and a pause ends. */
export function peopleMoves(node: Node, brief: Brief): readonly Move[] {
  const { gate, paused, undecided, met } = node.state;
  const moves: Move[] = [];
  if (gate && !gate.tally && gate.verdict === undefined)
    moves.push(answer(node, brief, gate.judgement, "pass"), answer(node, brief, gate.judgement, "fail"));
  const phase = phaseOf(node);
  if (phase?.gate?.kind === "promotion" && met && !node.state.promoted)
    moves.push(promote(node, brief, phase.name));
  if (paused || undecided)
    moves.push(act(node, brief, "somebody resumes the run", { type: "run-resumed", at: node.now }));
  return moves;
}

/** What else people can do now. */
export function peopleFaults(node: Node, brief: Brief): readonly Move[] {
  const { state, now: at } = node;
  const { gate } = state;
  const phase = phaseOf(node)?.name;
  const faults: Move[] = [
    act(
      node,
      brief,
      "somebody stops the run",
      { type: "run-cancel-requested", at, mode: "forced" },
      "forced cancel",
    ),
  ];
  if (gate && !gate.tally) faults.push(answer(node, brief, `${STAGE}/another/1`, "pass", "foreign verdict"));
  if (gate && !gate.tally && gate.verdict === undefined)
    faults.push(answer(node, brief, gate.judgement, "inconclusive", "inconclusive"));
  if (!state.paused)
    faults.push(act(node, brief, "somebody pauses the run", { type: "run-paused", at }, "pause"));
  if (!state.cancel)
    faults.push(
      act(
        node,
        brief,
        "somebody cancels the run",
        { type: "run-cancel-requested", at, mode: "graceful" },
        "cancel",
      ),
    );
  if (!state.cancel && isWarm(state.planned.rollout))
    faults.push(act(node, brief, "a newer run waits for the cluster", superseded(at), "superseded"));
  if (phase !== undefined && !state.promoted) faults.push(promote(node, brief, phase, "promote"));
  if (phase !== undefined && !state.promotedFully && hasGates(state.planned.rollout))
    faults.push(
      act(
        node,
        brief,
        "somebody promotes it to the end",
        { type: "rollout-promoted-fully", at, stage: STAGE },
        "promote fully",
      ),
    );
  return faults;
}

// Where there are only holds, it is the same as one promotion after the other.
function hasGates({ phases, background = [] }: Rollout): boolean {
  return background.length > 0 || phases.some(({ gate }) => gate !== undefined);
}

// Where nothing is held past the point of no return, it is the same as a cancel.
function isWarm({ phases }: Rollout): boolean {
  return phases.some(({ after, holdMs = 0 }) => after === "forward" && holdMs > 0);
}

function superseded(at: number): NewEvent<"stage-superseded"> {
  const by = { run: "newer" };
  return { type: "stage-superseded", at, stage: STAGE, by, reason: "superseded by run newer" };
}

function phaseOf({ state }: Node): Phase | undefined {
  return state.direction === "forward" ? state.planned.rollout.phases[state.index] : undefined;
}

function promote(node: Node, brief: Brief, phase: string, fault?: Fault): Move {
  const event: NewEvent = { type: "rollout-phase-promoted", at: node.now, stage: STAGE, phase };
  return act(node, brief, `somebody promotes ${phase}`, event, fault);
}

function act(node: Node, brief: Brief, label: string, event: NewEvent, fault?: Fault): Move {
  return { label, node: append(node, [event], brief), events: [event], ...(fault && { fault }) };
}

function answer(node: Node, brief: Brief, judgement: string, verdict: Verdict, fault?: Fault): Move {
  const event: NewEvent = { type: "judgement-answered", at: node.now, stage: STAGE, judgement, verdict };
  return act(node, brief, `somebody answers ${verdict}`, event, fault);
}
