// The program that `local()` starts: not to be imported. Arguments: directory [milliseconds to wait for its turn].
import { spawn } from "node:child_process";
import { openSupervisor } from "./supervisor/run.ts";

const [directory = "", waitMs = "0"] = process.argv.slice(2);
const startedAt = Date.now();
const log = (message: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
};

// One that broke leaves its place to a new one, which takes over all instances. One that breaks at once does not.
process.on("uncaughtException", (error) => {
  log(`supervisor ${process.pid} broke: ${error.stack ?? error.message}`);
  const [, entry = ""] = process.argv;
  if (Date.now() - startedAt > 5000)
    spawn(process.execPath, [...process.execArgv, entry, directory, "5000"], {
      detached: true,
      stdio: "inherit",
    }).unref();
  process.exit(1);
});

const supervisor = await openSupervisor({ directory, log, waitMs: Number(waitMs) });
process.on("SIGTERM", () => supervisor?.close());
process.on("SIGINT", () => supervisor?.close());
await supervisor?.ended;
process.exit(0);
