/** How an instance is asked whether it is well: `GET path` on its port; 2xx and 3xx are a yes. */
export type HealthRules = {
  /** Default `"/healthz"`. */
  readonly path: string;
  /** Milliseconds from one answer to the next question. Default 500. */
  readonly intervalMs: number;
  /** Milliseconds until a missing answer is a no. Default 2000. */
  readonly timeoutMs: number;
  /** So many times yes in a row make it healthy. Default 2. */
  readonly healthyAfter: number;
  /** So many times no in a row make it unhealthy. Default 3. */
  readonly unhealthyAfter: number;
  /** Milliseconds after its start in which a refused connection is no failure: it is still booting. Default 10000. */
  readonly bootMs: number;
};

/** How the log file of an instance is kept. */
export type LogRules = {
  /** Bytes after which the file is rotated. Default 10485760 (10 MiB). */
  readonly maxBytes: number;
  /** How many rotated files are kept. Default 3. */
  readonly keep: number;
};

/**
 * What a local server group runs: a command that serves HTTP on `PORT`. JSON, and recorded with every rollout.
 *
 * Each instance gets `PORT` (its own), `HOST` (127.0.0.1), `GENNAKER_INSTANCE`, `GENNAKER_GROUP` and
 * `GENNAKER_DIRECTORY`, besides `PATH`, `HOME`, `USER`, `LANG`, `TZ`, `TMPDIR` of the program that created the group.
 * Nothing else of that program's environment gets through, except what `passEnv` names.
 *
 * @example
 * { command: ["node", "server.js"], env: { GREETING: "hello" }, passEnv: ["DATABASE_URL"], version: "1.4.2" }
 */
// A type and not an interface: only so it is assignable to Json.
export type LocalRelease = {
  /** Program and arguments; there is no shell. `{port}` in an argument becomes the instance's port. */
  readonly command: readonly string[];
  /** Working directory. Default: that of the program that creates the group. */
  readonly cwd?: string;
  /** Settings that are no secrets: they are recorded with the release. */
  readonly env?: { readonly [name: string]: string };
  /**
   * Names of variables to take from the environment of the program that creates the group. Their values are kept in
   * the owner-only state of the supervisor and in no event, error or log of ours.
   */
  readonly passEnv?: readonly string[];
  readonly health?: Partial<HealthRules>;
  /**
   * Milliseconds that an instance has to finish its requests when it leaves, and again as many from SIGTERM to
   * SIGKILL. Default 10000.
   */
  readonly drainMs?: number;
  readonly log?: Partial<LogRules>;
  /** A label for people, such as a version or a commit. */
  readonly version?: string;
};

const DEFAULT_HEALTH: HealthRules = {
  path: "/healthz",
  intervalMs: 500,
  timeoutMs: 2000,
  healthyAfter: 2,
  unhealthyAfter: 3,
  bootMs: 10_000,
};
const DEFAULT_LOG: LogRules = { maxBytes: 10 * 1024 * 1024, keep: 3 };
const DEFAULT_DRAIN_MS = 10_000;

/** A release with nothing left open: what the supervisor keeps and runs. */
export interface RunSpec {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
  /** Which entries of `env` are secrets. */
  readonly secret: readonly string[];
  readonly health: HealthRules;
  readonly drainMs: number;
  readonly log: LogRules;
}

/** Fills in the defaults. `place.env` holds what came from the creating program's environment. */
export function runSpec(
  release: LocalRelease,
  place: { readonly cwd: string; readonly env: RunSpec["env"]; readonly secret: readonly string[] },
): RunSpec {
  const passed = Object.fromEntries(place.secret.map((name) => [name, place.env[name] ?? ""]));
  return {
    command: release.command,
    cwd: place.cwd,
    env: { ...place.env, ...release.env, ...passed },
    secret: place.secret,
    health: { ...DEFAULT_HEALTH, ...release.health },
    drainMs: release.drainMs ?? DEFAULT_DRAIN_MS,
    log: { ...DEFAULT_LOG, ...release.log },
  };
}
