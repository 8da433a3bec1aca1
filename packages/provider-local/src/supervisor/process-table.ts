import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** One process and no other: a pid alone may be given to a stranger, after a while or a reboot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own terms. */
  readonly started: string;
  /** Which boot of the machine. */
  readonly boot: string;
}

/** A process that carries an instance's name in its environment. */
export interface MarkedProcess {
  readonly pid: number;
  readonly instance: string;
}

const HAS_PROC = existsSync("/proc/self/stat");
const run = promisify(execFile);

/** Who has this pid now; undefined when nobody has, or only its corpse is left. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const started = await (HAS_PROC ? startedByProc(pid) : startedByPs(pid));
  return started === undefined ? undefined : { pid, started, boot: await bootId() };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identify(identity.pid);
  return now !== undefined && now.started === identity.started && now.boot === identity.boot;
}

/** Processes that were started as, or by, instances of a directory. Only where there is a /proc. */
export async function markedProcesses(directory: string): Promise<readonly MarkedProcess[]> {
  if (!HAS_PROC) return [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => readMark(pid, directory)));
  return found.filter((one) => one !== undefined);
}

// ---

async function startedByProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the program's name in parentheses and may hold anything, also ")".
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  return state === undefined || state === "" || state === "Z" || state === "X" ? undefined : fields[19];
}

async function startedByPs(pid: number): Promise<string | undefined> {
  const { stdout } = await run("ps", ["-p", String(pid), "-o", "stat=,lstart="]).catch(() => ({
    stdout: "",
  }));
  const line = stdout.trim();
  return line === "" || line.startsWith("Z") ? undefined : line.replace(/^\S+\s+/, "");
}

async function bootId(): Promise<string> {
  if (HAS_PROC) return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const { stdout } = await run("sysctl", ["-n", "kern.boottime"]).catch(() => ({ stdout: "unknown" }));
  return stdout.trim();
}

async function readMark(pid: number, directory: string): Promise<MarkedProcess | undefined> {
  // Other people's processes cannot be read, and are none of ours.
  const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  const entries = environ.split("\0");
  if (!entries.includes(`GENNAKER_DIRECTORY=${directory}`)) return undefined;
  const mark = entries.find((entry) => entry.startsWith("GENNAKER_INSTANCE="));
  return mark === undefined ? undefined : { pid, instance: mark.slice("GENNAKER_INSTANCE=".length) };
}
