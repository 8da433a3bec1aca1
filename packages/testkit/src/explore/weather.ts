// What the world does by itself.
import type { Move } from "./moves.ts";
import type { Node } from "./node.ts";
import type { Fault } from "./options.ts";
import type { Brief } from "./properties.ts";
import { silence } from "./time.ts";
import { stir } from "./wire.ts";
import { change, type ModelGroup, resized, type World } from "./world.ts";

/** Instances boot and heal. */
export function worldMoves(node: Node, brief: Brief): readonly Move[] {
  return ours(node, brief)
    .filter(({ healthy, desired, doomed }) => healthy < desired && !doomed)
    .map(({ name, healthy }) =>
      become(
        node,
        `an instance of ${name} becomes healthy`,
        change(node.world, name, { healthy: healthy + 1 }),
      ),
    );
}

/** Instances die; groups are resized and deleted by others; nothing happens for long. */
export function worldFaults(node: Node, brief: Brief): readonly Move[] {
  return [...ours(node, brief).flatMap((group) => groupFaults(node, group)), ...silence(node)];
}

function ours({ world }: Node, { planned }: Brief): World {
  const keys = new Set([planned.key, planned.baseline?.key]);
  return world.filter(
    ({ key, name }) => (key !== undefined && keys.has(key)) || name === planned.before?.group,
  );
}

function become(node: Node, label: string, world: World, fault?: Fault): Move {
  const wire = node.wire && stir([node.wire], node.world, world)[0];
  const late = stir(node.late, node.world, world);
  return { label, node: { ...node, world, wire, late }, ...(fault && { fault }) };
}

function groupFaults(node: Node, group: ModelGroup): readonly Move[] {
  const { name, desired, healthy, doomed, hopeless, key } = group;
  const patched = (label: string, patch: Partial<ModelGroup>, fault: Fault): Move =>
    become(node, label, change(node.world, name, patch), fault);
  const faults: Move[] = [
    patched(`an autoscaler adds to ${name}`, resized(group, desired + 1), "autoscaler"),
    become(
      node,
      `somebody deletes ${name}`,
      node.world.filter((each) => each !== group),
      "group is deleted",
    ),
  ];
  if (desired > 0)
    faults.push(patched(`an autoscaler takes from ${name}`, resized(group, desired - 1), "autoscaler"));
  if (healthy > 0)
    faults.push(patched(`an instance of ${name} dies`, { healthy: healthy - 1 }, "instance dies"));
  if (!doomed) faults.push(patched(`${name} heals no more`, { doomed: true }, "group never heals"));
  if (key !== undefined && !hopeless)
    faults.push(patched(`${name} is hopeless`, { doomed: true, hopeless: true }, "candidate is hopeless"));
  return faults;
}
