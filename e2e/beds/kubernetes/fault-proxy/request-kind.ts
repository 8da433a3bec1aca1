/** What a request to the API server is about. */
export interface RequestKind {
  /** As RBAC calls it: get, list, watch, create, update, patch, delete. */
  readonly verb: string;
  /** Plural, with the subresource: `pods`, `deployments/scale`; or the path, for what is not a resource. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

const BODY_VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Reads what a request is about from its method and URL. */
export function requestKind(method: string, url: string): RequestKind {
  const { pathname, searchParams } = new URL(url, "https://apiserver");
  const parts = pathname.split("/").filter((part) => part !== "");
  const depth = parts[0] === "api" ? 2 : parts[0] === "apis" ? 3 : Number.POSITIVE_INFINITY;
  let rest = parts.slice(depth);
  if (rest.length === 0) return { verb: method.toLowerCase(), resource: pathname };
  const namespace = rest[0] === "namespaces" && rest.length > 2 ? rest[1] : undefined;
  if (namespace !== undefined) rest = rest.slice(2);
  const [plural = "", name, subresource] = rest;
  const watch = ["true", "1"].includes(searchParams.get("watch") ?? "");
  const verb = BODY_VERBS[method] ?? (watch ? "watch" : name === undefined ? "list" : "get");
  return {
    verb,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}
