import { fileURLToPath } from "node:url";
import type { LocalRelease } from "@gennaker/provider-local";
import type { Nature } from "./arguments.ts";

const SERVICE = fileURLToPath(new URL("./service.ts", import.meta.url));

/** A version of the service, as provider-local runs it. */
export function release(version: string, nature: Nature): LocalRelease {
  return {
    command: [process.execPath, SERVICE],
    env: { VERSION: version, NATURE: nature },
    health: { intervalMs: 150, timeoutMs: 2000, healthyAfter: 2, unhealthyAfter: 2 },
    drainMs: 2000,
    version,
  };
}
