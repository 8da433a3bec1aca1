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

const AT_ONCE = 32;
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
  const found: MarkedProcess[] = [];
  // A few at a time: a machine may have more processes than we may have files open.
  for (let n = 0; n < pids.length; n += AT_ONCE) {
    const marks = await Promise.all(pids.slice(n, n + AT_ONCE).map((pid) => readMark(pid, directory)));
    found.push(...marks.filter((one) => one !== undefined));
  }
  return found;
}

// ---

async function startedByProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(ifGone);
  // The second field is the program's name in parentheses and may hold anything, also ")".
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  return state === undefined || state === "" || state === "Z" || state === "X" ? undefined : fields[19];
}

/** Not being able to look, for want of a file descriptor say, is no sign that a process has ended. */
function ifGone(error: NodeJS.ErrnoException): string {
  if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(error.code ?? "")) return "";
  throw error;
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
  const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(ifGone);
  const entries = environ.split("\0");
  if (!entries.includes(`GENNAKER_DIRECTORY=${directory}`)) return undefined;
  const mark = entries.find((entry) => entry.startsWith("GENNAKER_INSTANCE="));
  return mark === undefined ? undefined : { pid, instance: mark.slice("GENNAKER_INSTANCE=".length) };
}
