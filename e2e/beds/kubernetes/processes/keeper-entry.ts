// Parent of every process of a bed. When the test that started it dies, however, the channel to it closes: everything is
// killed and the bed's folder removed. It is in a session of its own, so that a Ctrl-C or a kill of the test's process
// group does not reach it first.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import type { FromKeeper, ToKeeper } from "./keeper-protocol.ts";

const [folder] = process.argv.slice(2);
const children = new Map<string, ChildProcess>();

// Nobody may be there any more to be told.
const tell = (message: FromKeeper): void => void process.send?.(message, undefined, undefined, () => {});

process.on("message", (message: ToKeeper) => {
  if (message.do === "start") start(message);
  else children.get(message.id)?.kill(message.signal);
});
process.on("disconnect", () => {
  killAll();
  if (children.size === 0) leave();
});
process.on("exit", killAll);

function killAll(): void {
  for (const child of children.values()) child.kill("SIGKILL");
}

function start({ id, command, args, env, cwd, log }: Extract<ToKeeper, { do: "start" }>): void {
  const output = openSync(log, "a");
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", output, output] });
  closeSync(output);
  children.set(id, child);
  child.on("error", (error) => {
    if (child.pid !== undefined) return;
    children.delete(id);
    tell({ is: "failed", id, reason: error.message });
  });
  child.on("spawn", () => tell({ is: "started", id, pid: child.pid ?? 0 }));
  child.on("exit", (code, signal) => {
    children.delete(id);
    if (process.connected) tell({ is: "exited", id, code, signal });
    else if (children.size === 0) leave();
  });
}

function leave(): void {
  if (folder) rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}
