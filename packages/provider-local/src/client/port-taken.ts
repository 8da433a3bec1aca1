import { once } from "node:events";
import { createServer } from "node:net";
import type { Listen } from "../supervisor/record.ts";

/** Whether somebody has this port. Listens there for a moment, and takes no connection. */
export async function isTaken({ host, port }: Listen): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
    return false;
  } catch {
    return true;
  } finally {
    server.close();
  }
}
