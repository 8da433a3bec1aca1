import * as fc from "fast-check";
import { expect, it } from "vitest";
import { runMermaid } from "../src/engine/pictures/run-mermaid.ts";
import { createDelivery, defineStage, judgement, pipeline, wait } from "../src/index.ts";
import { shorten } from "../src/model/flowchart.ts";
import { anyText } from "./fixtures/any-text.ts";
import { contrast, readFlowchart } from "./fixtures/mermaid-grammar.ts";
import { goldenRun } from "./fixtures/golden-runs.ts";

const work = defineStage({ type: "work", run: () => null });
const draw = (...names: readonly string[]): string =>
  names
    .reduce<ReturnType<typeof pipeline>>(
      (longer, name) => longer.stage(name, work, () => null),
      pipeline("p"),
    )
    .toMermaid();

it("draws a pipeline's stages and edges before anything runs", () => {
  const drawn = pipeline("promote")
    .stage("canary", work, () => null)
    .stage("cut over?", judgement, () => ({ roles: ["qa"] }))
    .stage("rest", wait, () => ({ for: "1m" as const }), { after: ["canary"] })
    .toMermaid();
  const { labels, edges } = readFlowchart(drawn);
  expect([...labels.values()]).toEqual([
    ["canary", "work"],
    ["cut over?", "judgement"],
    ["rest", "wait"],
  ]);
  expect(edges).toEqual(["s0 --> s1", "s0 --> s2"]);
  expect(drawn).toContain('s1{{"cut over?<br/>judgement"}}');
});

it.each([
  'a "quoted" name',
  "[x] {y} (z) |p|",
  "end",
  "style a:(b);",
  "classDef x:#1;",
  "`md` **b**",
  "<script>alert(1)</script>",
  "prüfen 検査 🚀 👩‍🚀",
  '%%{init: {"theme":"x"}}%%',
  "#35; &amp; \\n",
  "it's $a$ ~t~ ^c @{shape: rect}",
  "--> s0",
])("shows the name %s as it is", (name) => {
  expect([...readFlowchart(draw(name)).labels.values()]).toEqual([[name, "work"]]);
});

it("cuts a name off that no box can hold", () => {
  const [label] = readFlowchart(draw("x".repeat(500))).labels.values();
  expect(label?.[0]).toBe(`${"x".repeat(59)}…`);
});

it("draws whatever a stage is called, without a line that Mermaid cannot read", () => {
  fc.assert(
    fc.property(fc.array(anyText(40), { minLength: 1, maxLength: 3 }), (names) => {
      const { labels } = readFlowchart(draw(...names));
      const shown = [...labels.values()].map(([name]) => name);
      const meant = names.map((name) =>
        shorten(name)
          .replaceAll(/\s+/gu, " ")
          .trim()
          .replaceAll(/(?!\u200d)\p{C}/gu, ""),
      );
      expect(shown).toEqual(meant);
    }),
  );
});

it("draws a run with each stage's status, times and reason", () => {
  const { view } = goldenRun("rolled-back");
  const { labels, classes } = readFlowchart(runMermaid(view, 0));
  expect([...labels.values()]).toEqual([
    ["✔ settle", "succeeded · 00:12:47 · 1 m"],
    ["✔ smoke", "succeeded · 00:13:47 · 5 s", "attempt 2"],
    ["✔ cut over?", "succeeded · 00:13:52 · 55 s", "rui: pass"],
    [
      "↩ prod",
      "rolled back · 00:14:47 · 10 m",
      "shop-api-v003 never became healthy (0 of 3 instances health…",
    ],
    ["— verify", "skipped", 'stage "prod" did not succeed'],
  ]);
  expect([...classes.values()]).toEqual(["succeeded", "succeeded", "succeeded", "back", "stopped"]);
});

it("can be read on a light page and on a dark one", () => {
  const looks = ["succeeded", "rolled-back", "cancelled"] as const;
  for (const name of looks)
    for (const { fill, color } of readFlowchart(runMermaid(goldenRun(name).view, 0)).looks.values())
      expect(contrast(fill, color)).toBeGreaterThan(4.5);
});

it("draws a run under way from its handle", async () => {
  const delivery = createDelivery();
  const asking = pipeline("asking")
    .stage("cut over?", judgement, () => ({ roles: ["qa"] }))
    .stage("after", work, () => null);
  const run = await delivery.start(asking, null);
  for await (const { type } of run.events()) if (type === "judgement-requested") break;
  const { labels, classes } = readFlowchart(await run.toMermaid());
  expect([...labels.values()]).toEqual([
    ["? cut over?", expect.stringMatching(/^running · \d\d:\d\d:\d\d · /), "asks qa"],
    ["○ after", "pending"],
  ]);
  expect([...classes.values()]).toEqual(["asking", "waiting"]);
  expect(await run.toSvg()).toContain("under way");
  await delivery.close();
});
