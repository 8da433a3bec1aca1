// What people do: answer, cancel, pause, resume, promote.
import type { NewEvent, Verdict } from "@gennaker/core/ports";
import { append, STAGE } from "./log.ts";
import type { Move } from "./moves.ts";
import type { Node } from "./node.ts";
import type { Fault } from "./options.ts";
import type { Brief } from "./properties.ts";

/** In the ordinary course of things a question is answered and a pause ended. */
export function peopleMoves(node: Node, brief: Brief): readonly Move[] {
  const { gate, paused, undecided } = node.state;
  const moves: Move[] = [];
  if (gate && gate.verdict === undefined)
    moves.push(answer(node, brief, gate.judgement, "pass"), answer(node, brief, gate.judgement, "fail"));
  if (paused || undecided)
    moves.push(act(node, brief, "somebody resumes the run", { type: "run-resumed", at: node.now }));
  return moves;
}

/** What else people can do now. */
export function peopleFaults(node: Node, brief: Brief): readonly Move[] {
  const { state, now: at } = node;
  const { gate } = state;
  const phase = state.direction === "forward" ? state.planned.rollout.phases[state.index]?.name : undefined;
  const faults: Move[] = [
    act(
      node,
      brief,
      "somebody stops the run",
      { type: "run-cancel-requested", at, mode: "forced" },
      "forced cancel",
    ),
  ];
  if (gate) faults.push(answer(node, brief, `${STAGE}/another/1`, "pass", "foreign verdict"));
  if (gate && gate.verdict === undefined)
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
  if (phase !== undefined && !state.promoted)
    faults.push(
      act(
        node,
        brief,
        `somebody promotes ${phase}`,
        { type: "rollout-phase-promoted", at, stage: STAGE, phase },
        "promote",
      ),
    );
  return faults;
}

function act(node: Node, brief: Brief, label: string, event: NewEvent, fault?: Fault): Move {
  return { label, node: append(node, [event], brief), events: [event], ...(fault && { fault }) };
}

function answer(node: Node, brief: Brief, judgement: string, verdict: Verdict, fault?: Fault): Move {
  const event: NewEvent = { type: "judgement-answered", at: node.now, stage: STAGE, judgement, verdict };
  return act(node, brief, `somebody answers ${verdict}`, event, fault);
}
