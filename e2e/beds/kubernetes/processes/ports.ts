import { once } from "node:events";
import { createServer } from "node:net";

// Below what Linux gives to outgoing connections (32768 and up): a server that is killed finds its port again.
const FIRST = 20_000;
const COUNT = 12_000;

/** As many different ports of 127.0.0.1, free a moment ago and never given to an outgoing connection. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (!found.has(port) && (await free(port))) found.add(port);
  }
  return [...found];
}

async function free(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: "127.0.0.1", exclusive: true });
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
