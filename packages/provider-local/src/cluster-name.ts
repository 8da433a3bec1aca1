/** Names of clusters name files and processes too: `app[-stack][-detail]`, in lower case. */
export function isClusterName(name: unknown): name is string {
  return typeof name === "string" && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/** What to say of a name that is none. */
export function clusterNameProblem(name: unknown): string {
  return `${JSON.stringify(name)} is no name of a cluster (lower-case letters, digits and "-", at most 63)`;
}
