import { existsSync } from "node:fs";

/** What a supervisor ends with that broke and wants a successor. */
export const BROKE = 70;

const SHELL = "/bin/sh";

// Waits without polling, starts another one when the last one broke (70) or was killed (128 and more), and passes
// every other end on. A shell, because it needs a tenth of the memory of a second Node and nothing of it can break.
const SCRIPT = `until "$@"; do code=$?; [ "$code" -ge ${BROKE} ] || exit "$code"; sleep 1; done`;

/** The command under a monitor that starts it again; the command itself where there is no shell. */
export function monitored(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return existsSync(SHELL) ? [SHELL, "-c", SCRIPT, "gennaker-monitor", ...command] : command;
}
