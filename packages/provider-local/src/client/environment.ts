import type { LocalRelease, RunSpec } from "../release.ts";

/** What every program needs and no secret: all that an instance inherits. */
const INHERITED = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/** The environment of this program, as far as instances may have it. */
export function instanceEnvironment(
  release: LocalRelease,
  own: NodeJS.ProcessEnv,
): { readonly env: RunSpec["env"]; readonly secret: readonly string[] } {
  const secret = release.passEnv ?? [];
  const entries = [...INHERITED, ...secret].flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { env: Object.fromEntries(entries), secret };
}

/** The environment of the supervisor itself: it needs nothing of ours, and keeps no secret by accident. */
export function supervisorEnvironment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return instanceEnvironment({ command: [] }, own).env;
}
