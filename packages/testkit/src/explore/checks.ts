// What the checks of a rollout answer.
import type { Measurement } from "@gennaker/core/machine";
import type { NewEvent } from "@gennaker/core/ports";
import { append, STAGE } from "./log.ts";
import type { Move } from "./moves.ts";
import type { Node } from "./node.ts";
import type { Fault } from "./options.ts";
import type { Brief } from "./properties.ts";

/** A measurement that the driver is making. */
export type Measuring = Pick<Measurement, "gate" | "measurement" | "check">;

type Answer = NewEvent<"check-measured">["verdict"];

/** Which measurements the driver makes after a turn: what is due is begun, what nobody waits for is stopped. */
export function attend(node: Node, due: readonly Measuring[]): readonly Measuring[] {
  const { gate, background } = node.state;
  const open = new Set(
    [gate, ...background].filter((one) => one && !one.verdict).map((one) => one?.judgement),
  );
  const going = node.measuring.filter((one) => open.has(one.gate));
  const fresh = due.filter((one) => !going.some((other) => other.gate === one.gate));
  return [...going, ...fresh.map(({ gate: id, measurement, check }) => ({ gate: id, measurement, check }))];
}

/** In the ordinary course of things a check passes or fails; one beside the phases passes. */
export function checkMoves(node: Node, brief: Brief): readonly Move[] {
  return node.measuring.flatMap((one) => {
    const index = besideIndex(node, one);
    if (index < 0) return [answer(node, brief, one, "pass"), answer(node, brief, one, "fail")];
    // That it passes once more says nothing new.
    return node.witness.beside[index]?.endsWith("p") ? [] : [answer(node, brief, one, "pass")];
  });
}

/** What else can come of a check. */
export function checkFaults(node: Node, brief: Brief): readonly Move[] {
  const foreign = node.state.gate?.tally
    ? [{ gate: `${STAGE}/another/1`, measurement: 1, check: "another" }]
    : [];
  return [
    ...node.measuring.flatMap((one) => [
      answer(node, brief, one, "inconclusive", "inconclusive"),
      answer(node, brief, one, "error", "check error"),
      ...(besideIndex(node, one) < 0 ? [] : [answer(node, brief, one, "fail", "check fails")]),
    ]),
    ...foreign.map((one) => answer(node, brief, one, "pass", "foreign verdict")),
  ];
}

function besideIndex({ state }: Node, { gate }: Measuring): number {
  return state.background.findIndex((check) => check?.judgement === gate);
}

function answer(node: Node, brief: Brief, one: Measuring, verdict: Answer, fault?: Fault): Move {
  const { gate, measurement, check } = one;
  const event: NewEvent = { type: "check-measured", at: node.now, stage: STAGE, gate, measurement, verdict };
  const left: Node = { ...node, measuring: node.measuring.filter((other) => other !== one) };
  return {
    label: `check ${check}: ${verdict}`,
    node: append(left, [event], brief),
    events: [event],
    ...(fault && { fault }),
  };
}
