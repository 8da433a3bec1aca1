import type { Item } from "../model/items.ts";
import { itemName } from "../model/items.ts";
import type { Json } from "../model/json.ts";
import type { Pipeline, StartList } from "../model/pipeline.ts";
import type { InputOf, ItemInputs, Recorded, StageInputs } from "../model/pipeline-stage.ts";
import type { StageOptions } from "../model/stage-options.ts";
import type { StageType } from "../model/stage.ts";
import { deploy, type DeployInput, type DeployOutput } from "./deploy.ts";
import { undo } from "./undo.ts";

/** What the input of a gate between waves sees. */
export type WaveInputs<Input, Outputs> = StageInputs<Input, Outputs> & {
  /** 1 for the gate after the first wave. */
  readonly wave: number;
};

/** A deploy of many clusters, group after group. */
export interface Waves<
  Input,
  Outputs,
  Each extends Item,
  Release,
  Gate extends Pick<StageType<unknown, unknown>, "type" | "kind">,
  Asked extends Recorded<InputOf<Gate>>,
> {
  /** What each wave deploys to, side by side; the next wave begins when its gate has passed. */
  readonly waves: readonly StartList<Input, Each>[];
  /** The deploy of one item. */
  readonly deploy: (inputs: ItemInputs<Input, Outputs, Each>) => DeployInput<Release>;
  /** Settings of each deploy. */
  readonly options?: Pick<StageOptions<string>, "timeout">;
  /** What must pass after each wave, the last one included: a judgement, or a check of your own. Default: nothing. */
  readonly gate?: {
    readonly type: Gate;
    /** What the gate is asked. */
    readonly input: (inputs: WaveInputs<Input, Outputs>) => Asked;
    readonly options?: Pick<StageOptions<string>, "timeout" | "retry">;
  };
  /** Whether all clusters that were deployed go back when a wave or a gate fails, or is cancelled. Default true. */
  readonly rollback?: boolean;
}

/** The outputs of waves: `"regions 1"`, `"regions 2"` … hold those of their deploys, by the item's name. */
export type WaveOutputs<Name extends string, Each, Release> = {
  readonly [Wave in `${Name} ${number}`]: {
    readonly [
      I in Each extends string ? Each : Each extends { readonly name: infer N extends string } ? N : never
    ]: DeployOutput<Release> | undefined;
  };
};

/**
 * A fragment that deploys to several clusters in groups, with a gate after each, and with one joint way back: when a
 * deploy or a gate fails (or is cancelled), every cluster that was deployed before goes back to the group that served
 * there, the last one first. For wave 1 of `waves("regions", …)` the stages are `regions 1[eu]` …, `regions gate 1`, and
 * `regions undo 1[eu]` …
 *
 * @example
 * pipeline<{ image: string }>("everywhere").use(waves("regions", {
 *   waves: [["eu"], ["us", "ap"]],
 *   deploy: ({ input, item }) => ({ cluster: clusterIn(item), release: input, strategy: redBlack() }),
 *   gate: { type: judgement, input: ({ wave }) => ({ roles: ["qa"], instructions: `wave ${wave}` }) },
 * }))
 */
export function waves<
  Input,
  Outputs,
  const Name extends string,
  const Each extends Item,
  Release,
  Gate extends Pick<StageType<unknown, unknown>, "type" | "kind"> = StageType<Json, Json>,
  const Asked extends Recorded<InputOf<Gate>> = Recorded<InputOf<Gate>>,
>(
  name: Name,
  plan: Waves<Input, Outputs, Each, Release, Gate, Asked>,
): (on: Pipeline<Input, Outputs>) => Pipeline<Input, Outputs & WaveOutputs<Name, Each, Release>> {
  return (on) => {
    const numbers = plan.waves.map((_, index) => index + 1);
    const forth = numbers.reduce((grown, wave) => addWave(grown, name, wave, plan), on as unknown as Loose);
    const back = plan.rollback === false ? [] : numbers.toReversed();
    return back.reduce((grown, wave) => addUndo(grown, name, wave, plan), forth) as unknown as Pipeline<
      Input,
      Outputs & WaveOutputs<Name, Each, Release>
    >;
  };
}

type Inputs = ItemInputs<unknown, Record<string, Record<string, DeployOutput<Json>>>, Json>;
type AnyWaves = Pick<Waves<never, never, Item, never, StageType<Json, Json>, Json>, "waves"> & {
  readonly deploy: (inputs: never) => unknown;
  readonly options?: object;
  readonly gate?: {
    readonly type: unknown;
    readonly input: (inputs: never) => unknown;
    readonly options?: object;
  };
};

/** A pipeline as a fragment writes on it that makes its names of other names. */
interface Loose {
  stage(name: string, type: unknown, input: (inputs: Inputs) => unknown, options: object): Loose;
  matrix(
    name: string,
    items: unknown,
    type: unknown,
    input: (inputs: Inputs) => unknown,
    options: object,
    role?: "on-failure",
  ): Loose;
}

function addWave(
  on: Loose,
  name: string,
  wave: number,
  { waves: lists, deploy: make, options, gate }: AnyWaves,
): Loose {
  const grown = on.matrix(`${name} ${wave}`, lists[wave - 1], deploy, make as (inputs: Inputs) => unknown, {
    ...options,
  });
  if (!gate) return grown;
  const input = (inputs: Inputs): unknown => gate.input(withWave(inputs, wave) as never);
  return grown.stage(gateName(name, wave), gate.type, input, { ...gate.options });
}

// Not spread: what an input function does not ask for is not gathered.
function withWave(inputs: Inputs, wave: number): WaveInputs<unknown, unknown> {
  return {
    wave,
    get input() {
      return inputs.input;
    },
    get outputs() {
      return inputs.outputs;
    },
    get stages() {
      return inputs.stages;
    },
    get run() {
      return inputs.run;
    },
  };
}

// One after the other, the last one first; what was not deployed need not go back.
function addUndo(on: Loose, name: string, wave: number, { waves: lists, gate }: AnyWaves): Loose {
  const deployed = ({ outputs, item }: Inputs): DeployOutput<Json> | undefined =>
    outputs[`${name} ${wave}`]?.[itemName(item)];
  const numbers = lists.map((_, index) => index + 1);
  const gates = gate ? numbers.map((each) => gateName(name, each)) : [];
  return on.matrix(
    `${name} undo ${wave}`,
    reversed(lists[wave - 1]),
    undo,
    (inputs) => {
      const { cluster, previous, group } = deployed(inputs) ?? {};
      return { cluster, group: previous, replaces: group };
    },
    {
      atOnce: 1,
      when: (inputs: Inputs) => deployed(inputs) !== undefined,
      clears: [...numbers.map((each) => `${name} ${each}`), ...gates],
      undoes: gates,
      onCancel: true,
    },
    "on-failure",
  );
}

function reversed(list: StartList<never, Item> | undefined): unknown {
  return typeof list === "function" ? (input: never) => list(input).toReversed() : (list ?? []).toReversed();
}

function gateName(name: string, wave: number): string {
  return `${name} gate ${wave}`;
}
