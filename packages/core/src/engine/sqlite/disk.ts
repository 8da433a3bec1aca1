import { access, constants, stat, statfs } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import type { LogPlace } from "./options.ts";

/** What is asked of a disk before a log is opened there; replaced in tests. */
export interface Disk {
  /** The magic number of the file system that a path is on. */
  fileSystem(path: string): Promise<number>;
  kind(path: string): Promise<"file" | "directory" | "other" | "absent">;
  writable(path: string): Promise<boolean>;
}

// f_type of statfs(2), as Linux numbers them. Elsewhere the numbers mean other things and match none of these.
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x01021997, "9p"],
  [0x5346414f, "AFS"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
]);
const FUSE = 0x65735546;

export const localDisk: Disk = {
  // f_type is signed on some platforms.
  fileSystem: async (path) => (await statfs(path)).type >>> 0,
  async kind(path) {
    try {
      const found = await stat(path);
      return found.isDirectory() ? "directory" : found.isFile() ? "file" : "other";
    } catch (error) {
      if (isAbsent(error)) return "absent";
      throw error;
    }
  },
  writable: (path) =>
    access(path, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    ),
};

/** @throws ConfigurationError with all reasons why a log cannot be kept, or trusted, at this place */
export async function checkPlace(place: LogPlace, disk: Disk): Promise<void> {
  const problems = await placeProblems(place, disk);
  if (problems.length > 0) throw new ConfigurationError(`the log ${place.file}`, problems);
}

async function placeProblems({ file, trustFuse }: LogPlace, disk: Disk): Promise<readonly string[]> {
  const directory = dirname(file);
  const kind = await disk.kind(directory);
  if (kind === "absent") return [`the directory ${directory} does not exist: create it`];
  if (kind !== "directory") return [`${directory} is not a directory: choose another path`];
  const problems: string[] = [];
  if (!(await disk.writable(directory)))
    problems.push(`the directory ${directory} may not be written: let this user (${user()}) write it`);
  problems.push(...fileSystemProblems(await disk.fileSystem(directory), directory, trustFuse));
  problems.push(...(await fileProblems(file, disk)));
  return problems;
}

function fileSystemProblems(type: number, directory: string, trustFuse: boolean): readonly string[] {
  const remote = REMOTE.get(type);
  if (remote !== undefined)
    return [
      `${directory} is on a network file system (${remote}), where locks and writes can be lost: choose a path on a local disk`,
    ];
  if (type === FUSE && !trustFuse)
    return [
      `${directory} is on a file system in user space (FUSE), which may be remote: choose a path on a local disk, or pass trustFuse: true if you know that it keeps locks and writes`,
    ];
  return [];
}

async function fileProblems(file: string, disk: Disk): Promise<readonly string[]> {
  const kind = await disk.kind(file);
  if (kind === "absent") return [];
  if (kind !== "file") return [`${basename(file)} is not a file: choose another path`];
  return (await disk.writable(file))
    ? []
    : [`${basename(file)} may not be read and written: let this user (${user()}) do so`];
}

function user(): string {
  return process.getuid ? `uid ${process.getuid()}` : "the current one";
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
