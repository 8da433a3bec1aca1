import { expect, expectTypeOf, it } from "vitest";
import type { Cluster } from "../src/model/cluster.ts";
import type { Strategy } from "../src/model/phase.ts";
import { pipeline } from "../src/model/pipeline.ts";
import { defineStage } from "../src/stages/define-stage.ts";
import { deploy } from "../src/stages/deploy.ts";
import { judgement } from "../src/stages/judgement.ts";
import { evaluate } from "../src/stages/evaluate.ts";
import { wait } from "../src/stages/wait.ts";
import type { StageContext, StageType } from "../src/model/stage.ts";

interface Image {
  readonly image: string;
}
declare const cluster: Cluster<Image>;
declare const strategy: Strategy;

const smoke = defineStage({
  type: "smoke",
  run: ({ input }: StageContext<{ url: string }>) => ({ status: input.url.length }),
});

declare const hosts: StageType<{ hosts: string[] }, null>;

// Never called: it compiles, or it does not.
const typed = (): unknown =>
  pipeline<{ image: string }>("promote")
    .stage("canary", deploy, ({ input }) => ({ cluster, release: { image: input.image }, strategy }))
    .stage("smoke", smoke, () => ({ url: "http://localhost" }))
    .stage("pause", wait, () => ({ for: "1h" }))
    .stage("list", hosts, () => ({ hosts: ["a", "b"] }))
    .stage("ok?", judgement, () => ({ roles: ["qa"] }))
    .stage("prod", deploy, ({ outputs }) => {
      expectTypeOf(outputs.canary.release).toEqualTypeOf<Image>();
      expectTypeOf(outputs.smoke.status).toEqualTypeOf<number>();
      expectTypeOf(outputs["ok?"].actor).toEqualTypeOf<string | undefined>();
      return { cluster, release: outputs.canary.release, strategy };
    });

it("gives later stages the outputs of earlier ones, with their types", () => {
  expect(typed).toBeTypeOf("function");
});

const refused = (): unknown[] => [
  pipeline<{ image: string }>("p")
    .stage("canary", smoke, () => ({ url: "" }))
    // @ts-expect-error no stage is called "canry"
    .stage("next", smoke, ({ outputs }) => ({ url: String(outputs.canry.status) })),
  pipeline<{ image: string }>("p")
    .stage("canary", smoke, () => ({ url: "" }))
    // @ts-expect-error a smoke test has no field "colour"
    .stage("next", smoke, ({ outputs }) => ({ url: String(outputs.canary.colour) })),
  pipeline<{ image: string }>("p")
    .stage("canary", smoke, () => ({ url: "" }))
    // @ts-expect-error only stages named before can come before
    .stage("next", smoke, () => ({ url: "" }), { after: ["later"] }),
  // @ts-expect-error the input has no field "tag"
  pipeline<{ image: string }>("p").stage("a", smoke, ({ input }) => ({ url: input.tag })),
  // @ts-expect-error a smoke test needs a url
  pipeline<{ image: string }>("p").stage("a", smoke, () => ({ uri: "" })),
  // @ts-expect-error "2 hours" is not a duration
  pipeline("p").stage("a", wait, () => ({ for: "2 hours" })),
  // @ts-expect-error the cluster runs images, not numbers
  pipeline("p").stage("a", deploy, () => ({ cluster, release: { image: 1 }, strategy })),
];

it("does not compile with a wrong upstream name, output field, input field or release", () => {
  expect(refused).toBeTypeOf("function");
});

const maybe = (): unknown =>
  pipeline<{ env: string }>("p")
    .stage("sure", smoke, () => ({ url: "" }), { timeout: "1m", onFailure: "fail-branch" })
    .stage("asked", smoke, () => ({ url: "" }), { when: ({ input }) => input.env === "prod" })
    .stage("canary", deploy, () => ({ cluster, release: { image: "" }, strategy }), { skippable: true })
    .matrix("each", [{ name: "eu", zone: 1 }], smoke, ({ item }) => ({ url: `${item.name}${item.zone}` }))
    .onFailure("undo", smoke, ({ outputs }) => {
      expectTypeOf(outputs.sure.status).toEqualTypeOf<number>();
      expectTypeOf(outputs.asked).toEqualTypeOf<{ status: number } | undefined>();
      expectTypeOf(outputs.canary?.release).toEqualTypeOf<Image | undefined>();
      expectTypeOf(outputs.each.eu).toEqualTypeOf<{ status: number } | undefined>();
      return { url: "" };
    });

const refusedOptions = (): unknown[] => [
  pipeline("p")
    .stage("a", smoke, () => ({ url: "" }), { skippable: true })
    // @ts-expect-error a stage that may have been passed by has perhaps no output
    .stage("b", smoke, ({ outputs }) => ({ url: String(outputs.a.status) })),
  // @ts-expect-error there is no such option
  pipeline("p").stage("a", smoke, () => ({ url: "" }), { onfailure: "ignore" }),
  // @ts-expect-error there is no such policy
  pipeline("p").stage("a", smoke, () => ({ url: "" }), { onFailure: "carry-on" }),
  pipeline("p")
    .matrix("a", ["eu"], smoke, ({ item }) => ({ url: item }))
    // @ts-expect-error the list has no item "ap"
    .stage("b", smoke, ({ outputs }) => ({ url: String(outputs.a.ap) })),
];

it("knows which outputs may not be there, and which options there are", () => {
  expect([maybe, refusedOptions].map((each) => typeof each)).toEqual(["function", "function"]);
});

interface Sizes {
  readonly eu: number;
  readonly us?: number;
}
declare const sizes: Sizes;

const evaluated = (): unknown =>
  pipeline<{ image: string; urgent: boolean }>("p")
    .stage("vars", evaluate, ({ input }) => ({
      soakMs: input.urgent ? 1000 : 60_000,
      tags: input.image.split(":"),
      sizes,
      mode: input.urgent ? "fast" : "slow",
    }))
    .stage("more", evaluate, ({ outputs }) => outputs.vars.tags.length, { when: ({ input }) => input.urgent })
    .stage("soak", wait, ({ outputs }) => {
      expectTypeOf(outputs.vars.soakMs).toEqualTypeOf<1000 | 60_000>();
      expectTypeOf(outputs.vars.tags).toEqualTypeOf<string[]>();
      expectTypeOf(outputs.vars.sizes).toEqualTypeOf<Sizes>();
      expectTypeOf(outputs.vars.mode).toEqualTypeOf<"fast" | "slow">();
      expectTypeOf(outputs.more).toEqualTypeOf<number | undefined>();
      return { for: outputs.vars.soakMs };
    });

const refusedValues = (): unknown[] => [
  // @ts-expect-error a Date is not JSON
  pipeline("p").stage("vars", evaluate, () => ({ at: new Date() })),
  // @ts-expect-error a function is not JSON
  pipeline("p").stage("vars", evaluate, () => ({ now: () => 1 })),
  // @ts-expect-error a promise is not JSON
  pipeline("p").stage("vars", evaluate, async () => ({ at: 1 })),
  pipeline("p")
    .stage("vars", evaluate, () => ({ at: 1 }))
    // @ts-expect-error nothing is called "from"
    .stage("soak", wait, ({ outputs }) => ({ for: Number(outputs.vars.from) })),
];

it("gives what evaluate computed the type that its function returns, and takes JSON only", () => {
  expect([evaluated, refusedValues].map((each) => typeof each)).toEqual(["function", "function"]);
});
