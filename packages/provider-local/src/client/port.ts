import { once } from "node:events";
import { createServer } from "node:net";
import type { Listen } from "../supervisor/record.ts";

/** Where to reach a balancer from this machine. */
export function urlOf({ host, port }: Listen): string {
  const reachable = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** Why a cluster's balancer cannot have a port; `ours`: the one that it has already, which is no problem. */
export async function portProblems(
  cluster: string,
  wanted: Listen,
  ours: () => Promise<number | undefined>,
): Promise<readonly string[]> {
  if (wanted.port === 0 || !(await isTaken(wanted)) || (await ours()) === wanted.port) return [];
  return [
    `port ${wanted.port} of ${wanted.host}: another process has it; choose another for ${cluster}, or stop it`,
  ];
}

// ---

/** Whether somebody has this port. Listens there for a moment, and takes no connection. */
async function isTaken({ host, port }: Listen): Promise<boolean> {
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
