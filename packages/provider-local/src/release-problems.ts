import type { LocalRelease } from "./release.ts";

/** Set by the supervisor for each instance. */
const RESERVED = new Set(["PORT", "GENNAKER_INSTANCE", "GENNAKER_GROUP", "GENNAKER_DIRECTORY"]);
const FIELDS = ["command", "cwd", "env", "passEnv", "health", "drainMs", "log", "version"];
const DAY_MS = 86_400_000;
const NUMBERS = {
  health: {
    intervalMs: [10, DAY_MS],
    timeoutMs: [10, DAY_MS],
    healthyAfter: [1, 1000],
    unhealthyAfter: [1, 1000],
    bootMs: [0, DAY_MS],
  },
  log: { maxBytes: [1024, 2 ** 40], keep: [0, 100] },
} as const;

/** What is wrong with a release by its looks alone; all of it. */
export function releaseProblems(release: unknown): readonly string[] {
  if (!isObject(release)) return ['release: must be an object such as { command: ["node", "server.js"] }'];
  return [
    ...unknownFields("", release, FIELDS),
    ...commandProblems(release["command"]),
    ...textProblems("cwd", release["cwd"]),
    ...textProblems("version", release["version"]),
    ...envProblems(release["env"]),
    ...passEnvProblems(release["passEnv"], release["env"]),
    ...healthProblems(release["health"]),
    ...numberProblems("drainMs", release["drainMs"], 0, DAY_MS),
    ...sectionProblems("log", release["log"], NUMBERS.log, []),
  ];
}

/** True when `releaseProblems` has none. */
export function isLocalRelease(release: unknown): release is LocalRelease {
  return releaseProblems(release).length === 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownFields(prefix: string, value: object, known: readonly string[]): string[] {
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => `${prefix}${name}: there is no such field (known: ${known.join(", ")})`);
}

function commandProblems(command: unknown): string[] {
  const ok =
    Array.isArray(command) && command.length > 0 && command[0] !== "" && command.every(isTextWithoutNul);
  return ok ? [] : ['command: must be a list of texts, the program first, such as ["node", "server.js"]'];
}

function isTextWithoutNul(value: unknown): boolean {
  return typeof value === "string" && !value.includes("\0");
}

function textProblems(name: string, value: unknown): string[] {
  if (value === undefined || (isTextWithoutNul(value) && value !== "")) return [];
  return [`${name}: must be a text that is not empty`];
}

function nameProblems(field: string, name: unknown): string[] {
  if (typeof name !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return [`${field}: ${JSON.stringify(name)} is no name of a variable (letters, digits, _)`];
  if (RESERVED.has(name)) return [`${field}: ${name} is set for each instance by the supervisor`];
  return [];
}

// Values are never shown: people put secrets where they do not belong.
function envProblems(env: unknown): string[] {
  if (env === undefined) return [];
  if (!isObject(env)) return ["env: must be an object of texts"];
  const names = Object.keys(env).flatMap((name) => nameProblems("env", name));
  const wrong = Object.keys(env).filter((name) => !isTextWithoutNul(env[name]));
  return names.concat(wrong.map((name) => `env.${name}: must be a text`));
}

function passEnvProblems(passEnv: unknown, env: unknown): string[] {
  if (passEnv === undefined) return [];
  if (!Array.isArray(passEnv)) return ["passEnv: must be a list of names"];
  const given = isObject(env) ? env : {};
  return passEnv.flatMap((name: unknown) => [
    ...nameProblems("passEnv", name),
    ...(typeof name === "string" && name in given ? [`passEnv: ${name} is in env as well; keep one`] : []),
  ]);
}

function healthProblems(health: unknown): string[] {
  const problems = sectionProblems("health", health, NUMBERS.health, ["path"]);
  const path = isObject(health) ? health["path"] : undefined;
  if (path !== undefined && (typeof path !== "string" || !/^\/[\x21-\x7e]*$/.test(path)))
    problems.push('health.path: must begin with "/" and have no spaces');
  return problems;
}

function sectionProblems(
  name: string,
  section: unknown,
  numbers: Readonly<Record<string, readonly [number, number]>>,
  texts: readonly string[],
): string[] {
  if (section === undefined) return [];
  if (!isObject(section)) return [`${name}: must be an object`];
  return [
    ...unknownFields(`${name}.`, section, [...texts, ...Object.keys(numbers)]),
    ...Object.entries(numbers).flatMap(([field, [least, most]]) =>
      numberProblems(`${name}.${field}`, section[field], least, most),
    ),
  ];
}

function numberProblems(name: string, value: unknown, least: number, most: number): string[] {
  if (value === undefined) return [];
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return [];
  return [`${name}: must be a whole number from ${least} to ${most}`];
}
