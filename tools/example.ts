// npm run example NAME: runs an example for real. Without a name, says which there are.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const [name = "", ...rest] = process.argv.slice(2);
const examples = readdirSync("examples").filter((example) => existsSync(`examples/${example}/main.ts`));

if (examples.includes(name)) {
  const flags = ["--conditions=@gennaker/source", `examples/${name}/main.ts`, ...rest];
  process.exitCode = spawnSync(process.execPath, flags, { stdio: "inherit" }).status ?? 1;
} else {
  if (name !== "") console.error(`there is no example ${JSON.stringify(name)}`);
  console.error("npm run example NAME, one of:");
  for (const example of examples) console.error(`  ${example.padEnd(20)} ${description(example)}`);
  process.exitCode = 2;
}

function description(example: string): string {
  const manifest: unknown = JSON.parse(readFileSync(`examples/${example}/package.json`, "utf8"));
  return (manifest as { description?: string }).description ?? "";
}
