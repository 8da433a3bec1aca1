// The service that is deployed: a few milliseconds of work per request, and a nature given by its environment.
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const {
  PORT = "8080",
  HOST = "127.0.0.1",
  GENNAKER_INSTANCE = "",
  VERSION = "v1",
  NATURE = "well",
} = process.env;
const WORK_MS = 3;
// Instances fall ill one after the other, as with a leak.
const SICK_AFTER_MS = 1500 * ordinal(GENNAKER_INSTANCE);

let illAt = Infinity;

const server = createServer((request, response) => {
  const ill = Date.now() >= illAt;
  if (request.url === "/healthz") response.writeHead(ill || NATURE === "bad" ? 500 : 200).end();
  else void work(response, ill);
});

server.keepAliveTimeout = 75_000;
server.listen(Number(PORT), HOST);
process.on("SIGTERM", () => server.close(() => process.exit(0)));

async function work(response: ServerResponse, ill: boolean): Promise<void> {
  if (NATURE === "sick" && illAt === Infinity) illAt = Date.now() + SICK_AFTER_MS;
  await sleep(WORK_MS);
  response.writeHead(ill ? 500 : 200, {
    "Content-Type": "application/json",
    "X-Version": VERSION,
    ...(ill && { "X-Sick": "1" }),
  });
  response.end(JSON.stringify({ version: VERSION, instance: GENNAKER_INSTANCE }));
}

/** 1, 2, 3 … among the instances of a group: its name ends so. */
function ordinal(instance: string): number {
  return Number(/(\d+)$/.exec(instance)?.[1] ?? 1);
}
