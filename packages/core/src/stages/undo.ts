import type { Cluster } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { Phase, Strategy } from "../model/phase.ts";
import type { StageType } from "../model/stage.ts";
import type { DeployInput, DeployOutput } from "./deploy.ts";
import { checkCluster, checkReplaces } from "./deploy-input.ts";

/** What an `undo` stage is asked to do. */
export interface UndoInput {
  readonly cluster: Cluster<unknown>;
  /** The group to go back to: for example `previous` of a deploy's output. Absent: there is none, and the stage fails. */
  readonly group: string | undefined;
  /**
   * The group that is to go: for example `group` of a deploy's output. When another one serves by now, there is nothing to
   * take back: the stage succeeds, and changes nothing. Default: whatever serves.
   */
  readonly replaces?: string | undefined;
}

/** A rollout whose input is made of another one. */
export interface RolloutType<Input, Output> extends StageType<Input, Output> {
  readonly kind: "rollout";
  /** The deploy that it stands for. */
  readonly deploys: (input: Input) => DeployInput<Json>;
}

const DEADLINE_MS = 600_000;

const PHASES: readonly Phase[] = [
  { name: "revive", want: { candidate: 100 }, deadlineMs: DEADLINE_MS, after: "back" },
  {
    name: "shift",
    want: { candidate: 100, traffic: { candidate: 100 } },
    deadlineMs: DEADLINE_MS,
    after: "back",
  },
  {
    name: "retire",
    want: { candidate: 100, traffic: { candidate: 100 }, stable: 0 },
    deadlineMs: DEADLINE_MS,
    after: "forward",
  },
];

const BACK: Strategy = {
  name: "undo-and-retire",
  version: 1,
  options: {},
  size: "match",
  modes: ["weighted", "proportional", "switch"],
  rollout: () => ({ phases: PHASES, minHealthy: 100, onRollback: "keep" }),
};

/**
 * Goes back to a group of the cluster that is still there: grows it to full size, shifts all traffic to it at once, and
 * takes the instances of the one that served away.
 *
 * @example
 * .onFailure("back", undo, ({ outputs }) => ({ cluster: api, group: outputs.prod.previous, replaces: outputs.prod.group }), { clears: ["verify"], undoes: true })
 */
export const undo: RolloutType<UndoInput, DeployOutput<Json>> = {
  type: "undo",
  kind: "rollout",
  check: ({ cluster, group, replaces }) => [
    ...checkCluster(cluster),
    ...(typeof group === "string" && group !== ""
      ? []
      : ["group: there is nothing to go back to (a first deploy has no group before it)"]),
    ...checkReplaces(replaces),
  ],
  // The group's release is found where the group is.
  deploys: ({ cluster, group, replaces }) => ({
    cluster: cluster as Cluster,
    release: null,
    strategy: BACK,
    ...(group !== undefined && { group }),
    ...(replaces !== undefined && { replaces }),
  }),
};

/** The deploy that the input of a rollout stands for. */
export function asDeploy(type: StageType<unknown, unknown>, input: unknown): DeployInput<Json> {
  const { deploys } = type as Partial<RolloutType<unknown, unknown>>;
  return deploys ? deploys(input) : (input as DeployInput<Json>);
}
