import { resolve } from "node:path";
import { ConfigurationError } from "../../errors.ts";

/** Where a log is, and how it is opened. */
export interface SqliteOptions {
  /** Path of the log; made, with mode 0600, when it is not there. Two more files stand beside it while it is open. */
  readonly file: string;
  /**
   * Opens the log although its owner lives: for an owner that hangs and is not to go on. Whatever that one still tries
   * to record is refused. Default false.
   */
  readonly takeover?: boolean;
  /**
   * Trusts a file system in user space (FUSE). What lies beneath one cannot be seen: sshfs and s3fs lose locks and
   * writes, Docker Desktop's bind mounts and ntfs-3g keep them. Default false.
   */
  readonly trustFuse?: boolean;
}

/** Options with their defaults, the path absolute. */
export interface LogPlace {
  readonly file: string;
  readonly takeover: boolean;
  readonly trustFuse: boolean;
}

/** @throws ConfigurationError when there is no path in them */
export function logPlace(given: string | SqliteOptions): LogPlace {
  const { file, takeover = false, trustFuse = false } = typeof given === "string" ? { file: given } : given;
  if (typeof file !== "string" || file === "")
    throw new ConfigurationError("sqlite", ['file: is missing: give a path, such as sqlite("deploys.db")']);
  if (file === ":memory:" || file.startsWith("file:"))
    throw new ConfigurationError("sqlite", [
      `file: ${JSON.stringify(file)} is not a path: give the path of a file, or use memory() for a log that may vanish`,
    ]);
  return { file: resolve(file), takeover, trustFuse };
}
