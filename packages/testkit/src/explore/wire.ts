// What becomes of a command on its way into the world.
import type { CommandResult, NewEvent, RolloutCommand } from "@gennaker/core/ports";
import { judgeLanding } from "./judge-landing.ts";
import { append, STAGE } from "./log.ts";
import type { Move } from "./moves.ts";
import type { Node, Wire } from "./node.ts";
import type { Fault } from "./options.ts";
import type { Brief, Property } from "./properties.ts";
import { holds, land, type World } from "./world.ts";

/** It lands, and is answered. */
export function arrival(node: Node, brief: Brief): readonly Move[] {
  const { wire } = node;
  if (!wire) return [];
  const landed = reach(node, wire, brief);
  return [
    settle(`${describe(wire.body)}: ${landed.result}`, landed.node, wire, landed.result, landed, brief),
  ];
}

/** It fails, or nobody knows whether it landed. */
export function mishaps(node: Node, brief: Brief): readonly Move[] {
  const { wire } = node;
  if (!wire) return [];
  const name = describe(wire.body);
  const landed = reach(node, wire, brief);
  const away: Node = { ...node, wire: undefined };
  const late: Node = { ...away, late: [...node.late, wire] };
  const end = (
    how: string,
    at: Node,
    result: CommandResult,
    fault: Fault,
    reached: Reached = NONE,
  ): Move => ({
    ...settle(`${name}: ${how}`, at, wire, result, reached, brief),
    fault,
  });
  return [
    end("fails", away, "failed", "command fails"),
    end(`${landed.result}, but the answer is lost`, landed.node, "unknown", "answer is lost", landed),
    end("is lost, which nobody knows", away, "unknown", "command is lost"),
    end("no answer, still on its way", late, "unknown", "command is delayed"),
  ];
}

interface Reached {
  readonly broken: readonly Property[];
  readonly window: boolean;
}

const NONE: Reached = { broken: [], window: false };

function settle(
  label: string,
  node: Node,
  { id, body }: Wire,
  result: CommandResult,
  { broken, window }: Reached,
  brief: Brief,
): Move {
  const error = { code: "GENNAKER_PROVIDER", message: "quota exceeded", retryable: false };
  const events: NewEvent[] = [
    {
      type: "rollout-command-settled",
      at: node.now,
      stage: STAGE,
      command: id,
      result,
      ...(result === "failed" && { error }),
    },
  ];
  const next = append(node, events, brief);
  const failedNow = result === "failed" ? JSON.stringify(body) : undefined;
  return { label, node: { ...next, witness: { ...next.witness, failedNow } }, events, broken, window };
}

/** A command comes to the world. */
export function reach(
  node: Node,
  wire: Wire,
  brief: Brief,
): Reached & { readonly node: Node; readonly result: CommandResult } {
  const { settings } = brief;
  const away: Node = { ...node, wire: undefined };
  if (settings.conditions && !holds(node.world, wire.body, settings.traffic))
    return { ...NONE, node: away, result: "refused" };
  const stable = brief.planned.before?.group;
  const { world, result } = land(node.world, wire.body, { createOnce: settings.createOnce, stable });
  const broken = judgeLanding(node.world, world, wire, brief);
  return {
    node: { ...away, world, late: stir(node.late, node.world, world) },
    result,
    broken,
    window: wire.changed,
  };
}

/** Commands under way no longer meet the world that they were said in. */
export function stir(wires: readonly Wire[], before: World, after: World): readonly Wire[] {
  return before === after ? wires : wires.map((wire) => (wire.changed ? wire : { ...wire, changed: true }));
}

/** Commands that nobody waits for still land, or never do. */
export function landLate(node: Node, brief: Brief): readonly Move[] {
  return node.late.flatMap((wire) => {
    const rest: Node = { ...node, late: node.late.filter((each) => each !== wire) };
    const { node: next, broken, window } = reach({ ...rest, wire: undefined }, wire, brief);
    const [mine] = node.wire ? stir([node.wire], node.world, next.world) : [];
    const name = describe(wire.body);
    return [
      { label: `${name}: lands late`, node: { ...next, wire: mine }, broken, window },
      { label: `${name}: never lands`, node: rest },
    ];
  });
}

/** A command for people. */
export function describe(body: RolloutCommand): string {
  if (body.do === "create-group") return `create${body.role ? ` ${body.role}` : ""} × ${body.size}`;
  if (body.do === "scale-group") return `scale ${body.group} to ${body.size}`;
  if (body.do === "destroy-group") return `destroy ${body.group}`;
  return `traffic ${
    Object.entries(body.shares)
      .map(([name, share]) => `${name} ${share} %`)
      .join(", ") || "to nobody"
  }`;
}
