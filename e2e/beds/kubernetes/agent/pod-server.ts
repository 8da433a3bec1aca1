// What runs in a pod that names no command: answers with its version, and stops the way a good server does.
//
// The end of the image's tag chooses how it behaves: `shop:2-never-ready`, `-slow-start`, `-crash-loop`,
// `-ready-then-bad`, `-errors` (every request is answered with 500).
import { createServer } from "node:http";

const { HOST = "127.0.0.1", PORT = "8080", IMAGE = "", POD_NAME = "", DELAY_MS = "3000" } = process.env;
const version = IMAGE.split("@")[0]?.split(":").at(-1) ?? "";
const is = (behaviour: string): boolean => version.endsWith(`-${behaviour}`);

let ready = !is("never-ready") && !is("slow-start");
let stopping = false;

if (is("slow-start")) setTimeout(() => (ready = true), Number(DELAY_MS));
if (is("ready-then-bad")) setTimeout(() => (ready = false), Number(DELAY_MS));

const server = createServer((request, response) => {
  const probe = request.url === "/healthz";
  const status = probe ? (ready && !stopping ? 200 : 503) : is("errors") ? 500 : 200;
  response.writeHead(status, {
    "content-type": "application/json",
    "x-version": version,
    "x-pod": POD_NAME,
    ...(stopping ? { connection: "close" } : {}),
  });
  response.end(`${JSON.stringify({ pod: POD_NAME, image: IMAGE })}\n`);
});
server.listen(Number(PORT), HOST, () => {
  if (is("crash-loop")) process.exit(1);
});

// Requests under way are answered; connections that only wait are closed.
process.on("SIGTERM", () => {
  stopping = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
