// Fills the pages of the strategies with what the code says: timelines and plans by planning, options by their doc
// comments, failures by letting them happen.
//
//   npm run docs:strategies
import { readFileSync, writeFileSync } from "node:fs";
import { generate } from "./strategy-pages/pages.ts";

let changed = 0;
for (const [file, text] of await generate()) {
  if (textOf(file) === text) continue;
  writeFileSync(file, text);
  console.log(`written: ${file}`);
  changed += 1;
}
console.log(changed === 0 ? "all pages are as the code says" : `${changed} files changed`);

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
