import type { Need } from "./needs.ts";

/** A rule of a Role. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** A `Role`, as the API server takes it. */
export interface Role {
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly kind: "Role";
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly rules: readonly PolicyRule[];
}

/** The smallest Role with these permissions. */
export function roleOf(name: string, namespace: string, needs: readonly Need[]): Role {
  const rules = new Map<string, PolicyRule>();
  for (const { resource, subresource, verb, name: only } of needs) {
    const plural = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
    const key = `${resource.group} ${plural} ${only ?? ""}`;
    const verbs = [...new Set([...(rules.get(key)?.verbs ?? []), verb])];
    const resourceNames = only === undefined ? {} : { resourceNames: [only] };
    rules.set(key, { apiGroups: [resource.group], resources: [plural], verbs, ...resourceNames });
  }
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name, namespace },
    rules: [...rules.values()],
  };
}

/** As YAML, for `kubectl apply -f -`. */
export function roleText({ apiVersion, kind, metadata, rules }: Role): string {
  return [
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    `metadata:`,
    `  name: ${metadata.name}`,
    `  namespace: ${metadata.namespace}`,
    `rules:`,
    ...rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) => [
      `  - apiGroups: [${apiGroups.map((group) => JSON.stringify(group)).join(", ")}]`,
      list("resources", resources),
      ...(resourceNames ? [list("resourceNames", resourceNames)] : []),
      list("verbs", verbs),
    ]),
    "",
  ].join("\n");
}

function list(field: string, values: readonly string[]): string {
  return `    ${field}: [${values.map((value) => JSON.stringify(value)).join(", ")}]`;
}
