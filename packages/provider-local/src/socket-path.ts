import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The system has room for 107 bytes (macOS: 103). */
const SOCKET_BYTES_MAX = 100;

/** Where a directory's socket is: inside, or in an owner-only place under the system's temporary one when the path is too long. */
export function socketPath(directory: string): string {
  const inside = join(directory, "supervisor.sock");
  if (Buffer.byteLength(inside) <= SOCKET_BYTES_MAX) return inside;
  const digest = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  return join(tmpdir(), `gennaker-${process.getuid?.() ?? "user"}`, `${digest}.sock`);
}
