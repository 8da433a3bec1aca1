// The budgets, measured: each in a process of its own, one after the other, so that none heats or heaps another.
//
//   npm run bench [-- --json] [names …]
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BUDGETS } from "./budgets.ts";
import { type Row, table } from "./row.ts";

const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !(name in BUDGETS));
if (unknown.length > 0) {
  process.stderr.write(
    `bench: there is no ${unknown.join(", ")}; known: ${Object.keys(BUDGETS).join(", ")}\n`,
  );
  process.exit(2);
}

const names = positionals.length > 0 ? positionals : Object.keys(BUDGETS);
const rows: Row[] = [];
for (const name of names) {
  process.stderr.write(`measuring ${name} …\n`);
  rows.push(...(await measure(name)));
}
process.stdout.write(
  `${table(rows)}\n\n${rows.map(({ budget, note }) => `${budget}: ${note}`).join("\n")}\n`,
);
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);

async function measure(name: string): Promise<readonly Row[]> {
  const child = fork(fileURLToPath(new URL("./measure.ts", import.meta.url)), [name], {
    execArgv: ["--expose-gc", "--conditions=@gennaker/source", "--disable-warning=ExperimentalWarning"],
  });
  let measured: readonly Row[] | undefined;
  child.on("message", (message) => (measured = message as readonly Row[]));
  await once(child, "close");
  if (!measured) throw new Error(`${name} could not be measured`);
  return measured;
}
