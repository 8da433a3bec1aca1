import { join } from "node:path";
import type { RunSpec } from "../release.ts";
import type { Ports } from "./ports.ts";
import type { ProcessIdentity } from "./process-table.ts";
import { type RunningProcess, signalGroup, startProcess } from "./running-process.ts";

/** Who an instance is, and whom it tells. */
export interface InstanceOptions {
  readonly id: string;
  readonly group: string;
  readonly directory: string;
  readonly run: RunSpec;
  readonly ports: Ports;
  /** Its health or trouble is another. */
  readonly changed: () => void;
  /** It has a new process; resolves when that is on the disk. */
  readonly record: (running: { readonly port: number; readonly process: ProcessIdentity }) => Promise<void>;
  readonly log: (message: string) => void;
}

/** A process of an instance, and the port that it was given. */
export interface Launched {
  readonly port: number;
  readonly running: RunningProcess;
}

export function logFileOf({ directory, id }: Pick<InstanceOptions, "directory" | "id">): string {
  return join(directory, "logs", `${id}.log`);
}

/**
 * Starts an instance's process on a port of its own.
 *
 * @throws Error when it cannot be started, or not be recorded: what the state does not name does not run
 */
export async function launch(options: InstanceOptions): Promise<Launched> {
  const { port, giveBack } = await options.ports.take();
  try {
    const running = await startProcess(onPort(options, port));
    void running.exited.then(giveBack);
    await recordOrKill(options, { port, running });
    return { port, running };
  } catch (error) {
    giveBack();
    throw error;
  }
}

// ---

function onPort(options: InstanceOptions, port: number): Parameters<typeof startProcess>[0] {
  const { run, directory, group, id } = options;
  const env = {
    HOST: "127.0.0.1",
    ...run.env,
    PORT: String(port),
    GENNAKER_INSTANCE: id,
    GENNAKER_GROUP: group,
    GENNAKER_DIRECTORY: directory,
  };
  const command = run.command.map((text) => text.replaceAll("{port}", String(port)));
  return { command, cwd: run.cwd, env, logFile: logFileOf(options) };
}

async function recordOrKill({ record }: InstanceOptions, { port, running }: Launched): Promise<void> {
  try {
    await record({ port, process: running.identity });
  } catch (error) {
    signalGroup(running.identity.pid, "SIGKILL");
    throw error;
  }
}
