import type { KubernetesApi } from "@gennaker/provider-kubernetes";

/** What something took. */
export interface Cost {
  readonly ms: number;
  readonly requests: number;
}

/**
 * The least that replacing a version can take: make the ReplicaSet, watch its pods until all are ready, switch the
 * selector. No check, no claim, no condition, no way back, nothing recorded.
 */
export async function floor(
  open: KubernetesApi,
  { namespace, service, name, image, size, annotations }: FloorOptions,
): Promise<Cost> {
  const { api, counted } = counting(open);
  const since = performance.now();
  const labels = { floor: name };
  await send(api, "POST", `/apis/apps/v1/namespaces/${namespace}/replicasets`, {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name },
    spec: {
      replicas: size,
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec: { containers: [{ name: "app", image }] } },
    },
  });
  await untilReady(api, namespace, `floor=${name}`, size);
  await send(
    api,
    "PATCH",
    `/api/v1/namespaces/${namespace}/services/${service}`,
    { spec: { selector: labels } },
    "application/merge-patch+json",
  );
  return { ms: performance.now() - since, requests: counted() };
}

/** What the floor replaces, and by what. */
export interface FloorOptions {
  readonly namespace: string;
  readonly service: string;
  readonly name: string;
  readonly image: string;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

interface SeenPod {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function untilReady(
  api: KubernetesApi,
  namespace: string,
  selector: string,
  size: number,
): Promise<void> {
  const stop = new AbortController();
  const path = `/api/v1/namespaces/${namespace}/pods?watch=true&labelSelector=${encodeURIComponent(selector)}`;
  const response = await api.send({ method: "GET", path, signal: stop.signal });
  const ready = new Set<string>();
  for await (const line of response.lines()) {
    const { object } = JSON.parse(line) as { object: SeenPod };
    const is = object.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    if (is) ready.add(object.metadata.name);
    if (ready.size >= size) break;
  }
  stop.abort();
}

function counting(api: KubernetesApi): { readonly api: KubernetesApi; readonly counted: () => number } {
  let count = 0;
  const counted: KubernetesApi["send"] = (request) => {
    count++;
    return api.send(request);
  };
  return { api: { send: counted }, counted: () => count };
}

async function send(
  api: KubernetesApi,
  method: "POST" | "PATCH",
  path: string,
  body: object,
  contentType: string = "application/json",
): Promise<void> {
  const { signal } = new AbortController();
  const response = await api.send({ method, path, body: JSON.stringify(body), contentType, signal });
  if (response.status >= 300) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
