import { spawn, type ChildProcess } from "node:child_process";
import { parseDuration } from "../../model/duration.ts";
import { afterMs } from "../after-ms.ts";
import { Tail } from "./tail.ts";
import type { ScriptInput } from "./script-input.ts";

const INHERITED = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];
const GRACE_MS = 5000;
// For what is still on its way when a program has ended.
const DRAIN_MS = 1000;

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly stdout: Tail;
  readonly stderr: Tail;
}

/** What a program is run with, besides what the stage's input says. */
interface ChildOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Told when a line was printed; what the last one is, is asked only if somebody wants to know. */
  readonly line: (lastLine: () => string) => void;
  readonly redact: (text: string) => string;
}

/**
 * Runs a program to its end. When it is aborted or takes too long, all processes of its group are asked to end, and
 * after 5 s they are killed; those that it leaves behind are killed at once.
 */
export async function runChild(input: ScriptInput, options: ChildOptions): Promise<Ended> {
  options.signal.throwIfAborted();
  const [program = "", ...parameters] = limited(input);
  const child = spawn(program, parameters, {
    detached: true,
    stdio: "pipe",
    env: environment(input, options.env),
    ...(input.cwd !== undefined && { cwd: input.cwd }),
  });
  return watch(child, input, options);
}

function watch(
  child: ChildProcess,
  { stdin = "", timeout = "10m" }: ScriptInput,
  { signal, line, redact }: ChildOptions,
): Promise<Ended> {
  const stdout = new Tail(redact);
  const stderr = new Tail(redact);
  let timedOut = false;
  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    endGroup(child, "SIGTERM");
    killer ??= setTimeout(() => endGroup(child, "SIGKILL"), GRACE_MS);
  };
  const callOff = afterMs(parseDuration(timeout), () => {
    timedOut = true;
    stop();
  });
  signal.addEventListener("abort", stop);
  const ended = (): void => {
    callOff();
    clearTimeout(killer);
    signal.removeEventListener("abort", stop);
  };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout.add(text);
    if (text.includes("\n")) line(() => stdout.lastLine);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr.add(text));
  // A program that does not read its input is no failure.
  child.stdin?.on("error", () => {}).end(stdin);
  return new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => {
      ended();
      leave(child);
    });
    child.once("close", (code, by) => resolve({ code, signal: by, timedOut, stdout, stderr }));
  }).finally(ended);
}

// What a program started and left behind goes with it. Who left its group may hold its output for ever: nobody waits for that.
function leave(child: ChildProcess): void {
  endGroup(child, "SIGKILL");
  const drained = setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, DRAIN_MS);
  child.once("close", () => clearTimeout(drained));
}

// Limits are the shell's: it sets them and becomes the program.
function limited({ command, memoryMb, cpuSeconds }: ScriptInput): readonly string[] {
  const limits = [
    ...(memoryMb === undefined ? [] : [`ulimit -v ${Math.floor(memoryMb * 1024)}`]),
    ...(cpuSeconds === undefined ? [] : [`ulimit -t ${cpuSeconds}`]),
  ];
  return limits.length === 0
    ? command
    : ["sh", "-c", `${limits.join(" && ")} && exec "$@"`, "sh", ...command];
}

function environment(
  { env = {} }: ScriptInput,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), ...given, ...env };
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left.
  }
}
