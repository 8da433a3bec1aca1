import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Row, row } from "./row.ts";

const DEMO = fileURLToPath(new URL("../examples/demo/main.ts", import.meta.url));

interface DemoReport {
  readonly outcome: string;
  readonly requests: { readonly sent: number; readonly failed: number };
}

/** How many requests a red/black under load loses. */
export async function measure(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [title, flags] of [
    ["red/black under load", []],
    ["red/black under load, orchestrator killed", ["--kill"]],
  ] as const) {
    const { outcome, requests } = await demo(flags);
    rows.push(
      row(
        {
          budget: `requests lost: ${title}`,
          unit: "requests",
          measured: outcome === "succeeded" ? requests.failed : requests.sent,
          floor: null,
          note: `the demo: ${outcome}, ${requests.sent} sent over 32 connections`,
        },
        { of: "measured", atMost: 0 },
      ),
    );
  }
  return rows;
}

async function demo(flags: readonly string[]): Promise<DemoReport> {
  // The demo says by its exit code, too, that it did not go well: its report says more.
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@gennaker/source",
    DEMO,
    "--json",
    ...flags,
  ]).catch((error: unknown) => error as { readonly stdout: string });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as DemoReport;
}
