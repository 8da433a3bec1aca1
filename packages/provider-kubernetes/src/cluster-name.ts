/** Room for `-v` and a number in names of Services, which have at most 63 characters. */
const LONGEST = 52;

/** Names of clusters begin names of Services and are values of labels: `app[-stack][-detail]`, in lower case. */
export function isClusterName(name: unknown): name is string {
  return typeof name === "string" && name.length <= LONGEST && /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name);
}

/** What to say of a name that is none. */
export function clusterNameProblem(name: unknown): string {
  return (
    `${JSON.stringify(name)} is no name of a cluster ` +
    `(a lower-case letter, then lower-case letters, digits and "-", at most ${LONGEST})`
  );
}
