import type { GroupProblem } from "@gennaker/core/ports";
import type { Exit } from "./running-process.ts";

/** Why one instance is not healthy. */
export interface Trouble {
  /** The same for instances that suffer the same, though their texts differ in numbers. */
  readonly kind: string;
  readonly text: string;
  readonly fatal: boolean;
}

/** What most of a group's instances suffer from. */
export function groupProblem(
  troubles: readonly (Trouble | undefined)[],
  desired: number,
): GroupProblem | undefined {
  const byKind = Map.groupBy(
    troubles.filter((one) => one !== undefined),
    ({ kind }) => kind,
  );
  const [most] = [...byKind.values()].toSorted((a, b) => b.length - a.length);
  const newest = most?.at(-1);
  if (!most || !newest) return undefined;
  const instances = desired === 1 ? "instance" : "instances";
  return { message: `${newest.text}, ${most.length} of ${desired} ${instances}`, fatal: newest.fatal };
}

/** A process that ended by itself. */
export function exitTrouble(exit: Exit, livedMs: number, restarts: number, lastLine?: string): Trouble {
  const how =
    exit.code !== undefined
      ? `exited with code ${exit.code}`
      : exit.signal
        ? `was killed by ${exit.signal}`
        : "ended (it was taken over from an earlier supervisor, so its exit code is unknown)";
  const again = restarts === 0 ? "" : ` (restarted ${restarts === 1 ? "once" : `${restarts} times`})`;
  const line = lastLine === undefined ? "" : `: last line of its log "${lastLine}"`;
  return {
    kind: `exit ${exit.code ?? exit.signal ?? "unknown"}`,
    text: `${how} after ${(livedMs / 1000).toFixed(1)} s${again}${line}`,
    fatal: false,
  };
}

const STARTS: Readonly<Record<string, (program: string) => string>> = {
  ENOENT: (program) => `command ${JSON.stringify(program)} does not exist`,
  EACCES: (program) => `command ${JSON.stringify(program)} may not be executed`,
  ENOEXEC: (program) => `command ${JSON.stringify(program)} is not a program`,
  ENOTDIR: (program) => `command ${JSON.stringify(program)} does not exist`,
};

/** A process that could not be started at all. */
export function startTrouble(
  error: NodeJS.ErrnoException,
  program: string,
  cwd: string | undefined,
): Trouble {
  const { code = "" } = error;
  if (cwd !== undefined)
    return { kind: "cwd", text: `its working directory ${cwd} does not exist`, fatal: true };
  const known = STARTS[code];
  const text =
    known?.(program) ?? `command ${JSON.stringify(program)} could not be started: ${error.message}`;
  return { kind: `start ${code}`, text: `${text}${code && ` (${code})`}`, fatal: known !== undefined };
}
