// npm run demo: arguments, the screen, the signals, and the exit code.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Arguments, HELP, readArguments } from "./arguments.ts";
import { listenToKeys } from "./keys.ts";
import { type Display, liveDisplay, plainDisplay } from "./screen/display.ts";
import { plannedPhases } from "./screen/plan.ts";
import { report } from "./screen/report.ts";
import { summary } from "./screen/summary.ts";
import { Show } from "./show.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const asked = readArguments(argv);
  if (asked === "help") {
    console.log(HELP);
    return 0;
  }
  if (!("problems" in asked)) return present(asked);
  const problems = [...asked.problems, "all flags: npm run demo -- --help"];
  console.error(`demo: ${problems.join("\n      ")}`);
  return 2;
}

async function present(asked: Arguments): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "gennaker-demo-"));
  const display = chooseDisplay(asked);
  const show = new Show(asked, directory, display);
  const stop = stopOnSignals(show, display);
  try {
    await show.perform(stop.signal);
    if (asked.plan) display.abandon();
    else display.end(show.scene(), [...summary(show.progress, show.tally), ...more(show, asked)]);
  } catch (error) {
    display.abandon();
    console.error(error === stop.signal.reason ? "stopped; cleaning up …" : `demo: ${messageOf(error)}`);
  }
  await show.dismiss();
  stop.ignore();
  if (asked.keep) console.log(`kept: ${directory}`);
  else await rm(directory, { recursive: true, force: true });
  if (stop.signal.aborted) return 130;
  return verdict(show, asked);
}

function verdict(show: Show, asked: Arguments): number {
  return asked.plan ? planVerdict(show, asked) : rolloutVerdict(show, asked);
}

function planVerdict({ plan }: Show, { json, strategy }: Arguments): number {
  const problems = plan?.problems ?? ["there is no plan"];
  if (json) console.log(JSON.stringify({ strategy, planned: plannedPhases(plan), problems }));
  return problems.length === 0 ? 0 : 1;
}

function rolloutVerdict(show: Show, { nature, kill, json, strategy }: Arguments): number {
  const crashes = show.crashes.length;
  const result = report(show.progress, show.tally, { strategy, crashes, planned: plannedPhases(show.plan) });
  if (json) console.log(JSON.stringify(result));
  const expected = nature === "well" ? "succeeded" : "rolled-back";
  const held = show.progress.outcome === expected && result.requests.failed === 0;
  return held && result.crashes === (kill ? 1 : 0) ? 0 : 1;
}

/** What to look at next. */
function more({ progress }: Show, { nature, kill, json }: Arguments): readonly string[] {
  const plain = nature === "well" && !kill && !json && progress.outcome === "succeeded";
  return plain ? ["and when it goes wrong?  npm run demo -- --bad | --sick | --kill"] : [];
}

function chooseDisplay({ json }: Arguments): Display {
  const { CI, NO_COLOR, TERM } = process.env;
  const plain = json || !process.stdout.isTTY || Boolean(CI) || Boolean(NO_COLOR) || TERM === "dumb";
  return plain ? plainDisplay(process.stdout, Date.now()) : liveDisplay(process.stdout);
}

/** The first signal stops the show and cleans up, the next one kills what takes its time. */
function stopOnSignals(
  show: Show,
  display: Display,
): { readonly signal: AbortSignal; readonly ignore: () => void } {
  const stop = new AbortController();
  const halt = (): void => {
    if (stop.signal.aborted) show.kill();
    stop.abort(new Error("stopped"));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, halt);
  process.on("exit", () => display.abandon());
  const deaf = listenToKeys(process.stdin, (wish) => (wish === "stop" ? halt() : show.wish(wish)));
  const ignore = (): void => {
    deaf();
    for (const signal of signals) process.off(signal, halt);
  };
  return { signal: stop.signal, ignore };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
