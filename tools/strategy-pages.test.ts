// The pages of the strategies say what the code does: what is generated is committed, and defaults are true.
import { globSync, readFileSync } from "node:fs";
import type { Situation, Strategy } from "@gennaker/core";
import { beforeAll, describe, expect, it } from "vitest";
import { fill } from "./strategy-pages/blocks.ts";
import { OptionDocs } from "./strategy-pages/option-table.ts";
import { generate, SITUATION } from "./strategy-pages/pages.ts";
import { SUBJECTS } from "./strategy-pages/subjects.ts";

describe("what is committed is what is generated; if not: npm run docs:strategies", () => {
  let files: ReadonlyMap<string, string> = new Map();

  beforeAll(async () => {
    files = await generate();
  }, 120_000);

  it.for(SUBJECTS)("$name", ({ name }) => {
    const own = [...files].filter(
      ([file]) => file.includes(`/${name}.`) || file.includes(`/${name}-proportional.`),
    );
    expect(own.length).toBeGreaterThanOrEqual(2);
    for (const [file, text] of own) expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("has no file left over", () => {
    const there = globSync("docs/strategies/**/*.{md,svg}").filter((file) => !file.endsWith("/README.md"));
    expect(there.toSorted()).toEqual([...files.keys()].toSorted());
  });
});

describe("a documented default is the real one", () => {
  const docs = new OptionDocs();
  const first: Situation = { others: [], size: 1, traffic: "weighted" };
  const past: Situation = { ...SITUATION, others: [{ name: "v0", desired: 1, healthy: 1, share: 0 }] };
  const needed: Readonly<Record<string, object>> = { canary: { steps: [25] } };

  const rows = SUBJECTS.flatMap((subject) =>
    docs
      .of(subject.options)
      .filter(({ name, fallback }) => !/[.[]/.test(name) && valueOf(fallback) !== undefined)
      .map((option) => ({ subject, strategy: subject.name, ...option })),
  );

  it("is given for enough options to mean something", () => {
    expect(rows.length).toBeGreaterThan(25);
  });

  it.for(rows)("$strategy: $name is $fallback", ({ subject, name, fallback }) => {
    const given = needed[subject.name] ?? {};
    const make = subject.make as (options: object) => Strategy;
    const says = (options: object): object => {
      const strategy = make(options);
      const { size, modes } = strategy;
      return { size, modes, rollouts: [SITUATION, past, first].map((found) => strategy.rollout(found)) };
    };
    expect(says({ ...given, [name]: valueOf(fallback) })).toEqual(says(given));
  });
});

describe("blocks of a page", () => {
  const page = "by hand\n<!-- generated: a -->\nold\n<!-- /generated -->\nby hand";

  it("are replaced, and nothing else is", () => {
    const filled = fill(page, "page.md", { a: "new" });
    expect(filled).toBe("by hand\n<!-- generated: a -->\n\nnew\n\n<!-- /generated -->\nby hand");
    expect(fill(filled, "page.md", { a: "new" })).toBe(filled);
  });

  it("must be there for everything that is generated, and for nothing else", () => {
    expect(() => fill(page, "page.md", {})).toThrow("page.md: nothing is generated as a");
    expect(() => fill(page, "page.md", { a: "", b: "" })).toThrow("page.md: has no block for b");
  });
});

function valueOf(fallback: string | undefined): unknown {
  return fallback !== undefined && /^(?:["[\d]|true$|false$)/.test(fallback)
    ? JSON.parse(fallback)
    : undefined;
}
