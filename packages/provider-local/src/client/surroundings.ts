import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { LocalRelease } from "../release.ts";

/** What a release asks of this machine and does not find. */
export function surroundingProblems(release: LocalRelease, env: NodeJS.ProcessEnv): readonly string[] {
  const cwd = resolve(release.cwd ?? ".");
  const missing = (release.passEnv ?? []).filter((name) => env[name] === undefined);
  return [
    ...(isDirectory(cwd) ? [] : [`cwd: ${cwd} is not a directory`]),
    ...programProblems(release.command[0] ?? "", cwd, release.env?.["PATH"] ?? env["PATH"] ?? ""),
    ...missing.map((name) => `passEnv: ${name} is not set in the environment of this program`),
  ];
}

function programProblems(program: string, cwd: string, path: string): readonly string[] {
  if (program.includes("/")) {
    const file = isAbsolute(program) ? program : join(cwd, program);
    return isProgram(file) ? [] : [`command: ${file} does not exist or may not be executed`];
  }
  const found = path.split(delimiter).some((folder) => isProgram(join(folder, program)));
  return found ? [] : [`command: ${JSON.stringify(program)} is in no folder of PATH`];
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
