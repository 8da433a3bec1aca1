import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { once } from "node:events";
import { pause } from "../pause.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-table.ts";

/** How a process ended; nothing is known of one that was not our child. */
export interface Exit {
  readonly code?: number;
  readonly signal?: string;
}

/** The leader of an instance's process group. */
export interface RunningProcess {
  readonly identity: ProcessIdentity;
  readonly exited: Promise<Exit>;
}

export interface Start {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
  readonly logFile: string;
}

const ADOPTED_POLL_MS = 200;

/**
 * Starts a process that outlives us: its own session, its output straight into its file.
 *
 * @throws Error with the `code` of the system (ENOENT, EACCES …) when it cannot be started
 */
export async function startProcess(start: Start): Promise<RunningProcess> {
  const [program = "", ...args] = start.command;
  const { cwd, env } = start;
  // Appending, so that the file can be cut off while it is written.
  const log = openSync(start.logFile, "a", 0o600);
  try {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", log, log] });
    const exited = new Promise<Exit>((resolve) => {
      child.once("exit", (code, signal) => resolve(code === null ? { signal: signal ?? "" } : { code }));
    });
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    // One that ended at once can no longer be identified, and need not be.
    const identity = (await identify(pid)) ?? { pid, started: "ended", boot: "" };
    return { identity, exited };
  } finally {
    closeSync(log);
  }
}

/** Takes over a process that another supervisor started. Not being its parent, we must look whether it is there. */
export function adoptProcess(identity: ProcessIdentity): RunningProcess {
  const exited = (async (): Promise<Exit> => {
    while (await isAlive(identity).catch(() => true)) await pause(ADOPTED_POLL_MS);
    return {};
  })();
  return { identity, exited };
}

/** SIGTERM to the whole process group, SIGKILL after `graceMs` to what is left of it. */
export async function stopProcess({ identity, exited }: RunningProcess, graceMs: number): Promise<void> {
  if (await isAlive(identity)) signalGroup(identity.pid, "SIGTERM");
  const over = new AbortController();
  const ended = exited.then(() => over.abort());
  await pause(graceMs, over.signal);
  if (over.signal.aborted || (await isAlive(identity))) signalGroup(identity.pid, "SIGKILL");
  await ended;
}

/** No stranger gets the number of a process group that still has a member. */
export function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody left.
  }
}
