// The program that `local()` starts: not to be imported. Argument: directory.
import { stat, writeSync } from "node:fs";
import { BROKE } from "./client/monitor.ts";
import { openSupervisor } from "./supervisor/run.ts";

const [directory = ""] = process.argv.slice(2);
const log = (message: string): void => {
  try {
    writeSync(1, `${new Date().toISOString()} ${message}\n`);
  } catch {
    // A full disk is no reason to end.
  }
};

// One that broke at work leaves its place to a new one, which takes over all instances. One that cannot begin does not.
let atWork = false;
process.on("uncaughtException", (error) => {
  log(`supervisor ${process.pid} broke: ${error.stack ?? error.message}`);
  process.exit(atWork ? BROKE : 1);
});

// glibc before 2.41 now and then forgets to wake a thread (its bug 25847); a file operation then lies there until the
// next one comes. So that it is never for long, one comes each second.
setInterval(() => stat(directory, () => undefined), 1000).unref();

const supervisor = await openSupervisor({ directory, log });
atWork = true;
process.on("SIGTERM", () => supervisor?.close());
process.on("SIGINT", () => supervisor?.close());
await supervisor?.ended;
process.exit(0);
