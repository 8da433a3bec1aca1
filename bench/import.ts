import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Row, row } from "./row.ts";
import { median } from "./statistics.ts";

const TIMES = 15;
const CORE = fileURLToPath(new URL("../packages/core", import.meta.url));
const EMPTY = new URL("./empty.js", import.meta.url).href;

/** How long a fresh process takes to import core. */
export async function measure(): Promise<readonly Row[]> {
  const built = isBuilt();
  const floors: number[] = [];
  const times: number[] = [];
  // In turns, so that both see the same noise.
  for (let n = 0; n < TIMES; n += 1) {
    floors.push(importTime(EMPTY, built));
    times.push(importTime("@gennaker/core", built));
  }
  const what = built
    ? "built dist"
    : "source, types stripped on the fly (dist is missing or older: npm run build first)";
  return [
    row(
      {
        budget: "import of @gennaker/core",
        unit: "ms",
        measured: median(times),
        floor: median(floors),
        note: `${what}, fresh process, median of ${TIMES}; floor: an empty module`,
      },
      { of: "measured", atMost: 30 },
    ),
  ];
}

/** Whether dist is what the source says now. */
function isBuilt(): boolean {
  const dist = statSync(join(CORE, "dist", "index.js"), { throwIfNoEntry: false });
  const sources = readdirSync(join(CORE, "src"), { recursive: true, encoding: "utf8" });
  return (
    dist !== undefined && sources.every((file) => statSync(join(CORE, "src", file)).mtimeMs <= dist.mtimeMs)
  );
}

function importTime(specifier: string, built: boolean): number {
  const script = `const begun = performance.now(); await import(${JSON.stringify(specifier)}); process.stdout.write(String(performance.now() - begun))`;
  const conditions = built ? [] : ["--conditions=@gennaker/source"];
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  return Number(
    execFileSync(process.execPath, [...conditions, "--input-type=module", "--eval", script], {
      cwd,
      encoding: "utf8",
    }),
  );
}
