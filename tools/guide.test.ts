// Runs the code of every page of the guide, and of the README, and compares what it prints.
import { execFile } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { guideProgram, missingLines } from "./guide.ts";

const run = promisify(execFile);
const pages = ["README.md", ...globSync("docs/guide/*.md").toSorted()];
const programs = pages.flatMap((page) => {
  const program = guideProgram(page);
  return program ? [{ page, ...program }] : [];
});
let folder = "";

beforeAll(() => {
  // Inside the project, so that imports are found as a reader of the page would have them; not under node_modules,
  // where Node does not strip types.
  mkdirSync("dist", { recursive: true });
  folder = mkdtempSync("dist/guide-");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("finds code in the guide", () => {
  expect(programs.map(({ page }) => page)).toContain("docs/guide/first-deploy.md");
});

it.for(programs)("$page does what it says", { timeout: 120_000 }, async ({ page, code, prints }) => {
  const file = join(folder, `${page.replaceAll(/[/.]/g, "-")}.ts`);
  writeFileSync(file, code);
  const { stdout } = await run(process.execPath, ["--conditions=@gennaker/source", file], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect({ missing: missingLines(prints, stdout), stdout }).toEqual({ missing: [], stdout });
});

it("has code that the compiler accepts", { timeout: 120_000 }, async () => {
  for (const { page, code } of programs)
    writeFileSync(join(folder, `${page.replaceAll(/[/.]/g, "-")}.ts`), code);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: { isolatedDeclarations: false, noUnusedLocals: false },
      include: ["*.ts"],
    }),
  );
  const checked = run("node_modules/.bin/tsc", ["-p", folder]).then(
    () => "",
    (error: { stdout?: string; message: string }) => error.stdout ?? error.message,
  );
  expect(await checked).toBe("");
});

it("notices a promised line that is not printed", () => {
  expect(missingLines(["a … c", "d"], "x\na b c\n")).toEqual(["d"]);
  expect(missingLines(["d", "a"], "a\nd\n")).toEqual(["a"]);
});
