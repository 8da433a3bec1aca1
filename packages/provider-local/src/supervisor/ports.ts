import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/**
 * Ports for instances: free at this moment, and not given to another instance that has yet to bind its own. Somebody
 * else may take one first: then the instance fails and gets another.
 */
export class Ports {
  readonly #given = new Set<number>();

  /** A port of 127.0.0.1, and how to give it back. */
  async take(): Promise<{ readonly port: number; readonly giveBack: () => void }> {
    for (;;) {
      const port = await freePort();
      if (this.#given.has(port)) continue;
      this.#given.add(port);
      return { port, giveBack: () => this.#given.delete(port) };
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
