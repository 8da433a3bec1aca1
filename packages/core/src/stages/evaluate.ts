import { copyJson } from "../model/json.ts";
import { secretsIn } from "../model/secret.ts";
import type { StageType } from "../model/stage.ts";

/** Data that the log can carry: a function, a promise or an instance of a class in it does not compile. */
export type OnlyJson<T> = T extends string | number | boolean | null
  ? T
  : T extends (...parameters: never[]) => unknown
    ? never
    : T extends readonly (infer Each)[]
      ? readonly OnlyJson<Each>[]
      : T extends object
        ? {
            readonly [Field in keyof T]:
              | OnlyJson<Exclude<T[Field], undefined>>
              | Extract<T[Field], undefined>;
          }
        : never;

/** The type of the `evaluate` stage; `pipeline.stage` gives its output the type of what the input function returns. */
export interface EvaluateStage extends StageType<never, unknown> {
  readonly type: "evaluate";
  readonly kind: "effect";
}

/**
 * Computes values once, for all stages that come after it: what the input function returns is recorded, and is the
 * output, with its type. JSON only; a reference to a secret is refused, since nothing here uses it.
 *
 * @example
 * pipeline<{ image: string; urgent: boolean }>("release")
 *   .stage("vars", evaluate, ({ input }) => ({ tag: input.image.split(":")[1] ?? "latest", soak: input.urgent ? 1 : 30 }))
 *   .stage("soak", wait, ({ outputs }) => ({ for: outputs.vars.soak * 60_000 }))
 */
export const evaluate: EvaluateStage = {
  type: "evaluate",
  kind: "effect",
  check: (values: unknown) =>
    secretsIn(copyJson(values, "").json).map(
      (name) => `secret(${JSON.stringify(name)}): is not for evaluate; refer to it in the stage that uses it`,
    ),
  run: async ({ input }) => input,
};
