import { expect, it } from "vitest";
import { pipeline } from "../src/model/pipeline.ts";
import { defineStage } from "../src/stages/define-stage.ts";
import { deploy } from "../src/stages/deploy.ts";

const code = defineStage({ type: "code", run: () => null });
// What TypeScript would refuse, as a JavaScript user may write it.
const loose = pipeline("promote-to-prod") as unknown as {
  stage(name: string, type: unknown, input: unknown, options?: { after: string[] }): typeof loose;
  readonly problems: readonly string[];
};
const input = () => null;

it("runs stages one after the other unless told otherwise", () => {
  const shape = pipeline("p")
    .stage("a", code, input)
    .stage("b", code, input)
    .stage("c", code, input, { after: ["a"] })
    .stage("d", code, input, { after: [] });
  expect(shape.problems).toEqual([]);
  expect(shape.plan().stages.map(({ name, after }) => [name, after])).toEqual([
    ["a", []],
    ["b", ["a"]],
    ["c", ["a"]],
    ["d", []],
  ]);
});

it("lists every problem of its shape at once", () => {
  const shape = loose
    .stage("canary", code, input)
    .stage("prod", code, input, { after: ["canry"] })
    .stage("canary", code, input)
    .stage("odd", {}, input)
    .stage("data", code, { image: "x" })
    .stage("prod/baseline", deploy, input);
  expect(shape.problems).toEqual([
    'stage "prod"  after: no stage is called "canry" (did you mean "canary"?)',
    'stage "canary"  there are two stages of this name; rename one',
    'stage "odd"  its type is not one made by defineStage (deploy, wait, judgement, or your own)',
    'stage "data"  its input must be a function',
    'stage "prod/baseline"  a deploy\'s name may not end in "/baseline": groups of a comparison are told by it',
  ]);
});

it("names the stages that wait for each other", () => {
  const shape = loose
    .stage("a", code, input, { after: ["c"] })
    .stage("b", code, input, { after: ["a"] })
    .stage("c", code, input, { after: ["b"] });
  expect(shape.problems).toEqual(["stages wait for each other: a → b → c → a"]);
});

it("needs a name", () => {
  expect(pipeline("").problems).toEqual(["the pipeline needs a name"]);
});
