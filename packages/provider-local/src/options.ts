import { isIP } from "node:net";
import { ConfigurationError } from "@gennaker/core/ports";
import { clusterNameProblem, isClusterName } from "./cluster-name.ts";

/** Where a cluster's balancer listens. */
export interface LocalClusterOptions {
  /** Port of the balancer. Default 0: one that the system chooses at the first time, and that stays. */
  readonly port?: number;
}

/** How to make a local provider. */
export interface LocalOptions {
  /** Where state, logs and the supervisor's socket are; only the owner may look in. Default `".gennaker"`. */
  readonly directory?: string;
  /** Name of the provider, as clusters and events name it. Default `"local"`. */
  readonly name?: string;
  /** Address that balancers listen on. Default `"127.0.0.1"`: this machine only. `"0.0.0.0"`: everybody. */
  readonly host?: string;
  /** Settings by name of the cluster. Default: none. */
  readonly clusters?: { readonly [cluster: string]: LocalClusterOptions };
}

/** Options with nothing left open. */
export type Settled = Required<LocalOptions>;

/** @throws ConfigurationError with all problems */
export function settle(options: LocalOptions): Settled {
  const problems = [...optionProblems(options)];
  if (problems.length > 0) throw new ConfigurationError("local()", problems);
  return { directory: ".gennaker", name: "local", host: "127.0.0.1", clusters: {}, ...options };
}

function* optionProblems({ directory, name, host, clusters, ...rest }: LocalOptions): Iterable<string> {
  for (const option of Object.keys(rest)) yield `${option}: there is no such option`;
  if (
    directory !== undefined &&
    (typeof directory !== "string" || directory === "" || directory.includes("\0"))
  )
    yield "directory: must be a path";
  if (name !== undefined && (typeof name !== "string" || !/^[a-z0-9][a-z0-9-]*$/.test(name)))
    yield `name: ${JSON.stringify(name)} is no name (lower-case letters, digits and "-")`;
  if (host !== undefined && (typeof host !== "string" || isIP(host) === 0))
    yield `host: ${JSON.stringify(host)} is no IP address (write "127.0.0.1" or "0.0.0.0")`;
  yield* clusterProblems(clusters ?? {});
}

function* clusterProblems(clusters: NonNullable<LocalOptions["clusters"]>): Iterable<string> {
  const taken = new Map<number, string>();
  for (const [name, { port = 0, ...rest }] of Object.entries(clusters)) {
    if (!isClusterName(name)) yield `clusters: ${clusterNameProblem(name)}`;
    for (const option of Object.keys(rest)) yield `clusters.${name}.${option}: there is no such option`;
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      yield `clusters.${name}.port: ${JSON.stringify(port)} is no port (0 to 65535)`;
    const other = taken.get(port);
    if (port !== 0 && other !== undefined)
      yield `clusters.${name}.port: ${port} is the port of ${other} already`;
    taken.set(port, name);
  }
}
