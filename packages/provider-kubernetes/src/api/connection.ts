import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { KubeConfig } from "@kubernetes/client-node";
import { Refusal } from "./failure.ts";
import { Dispatchers } from "./dispatchers.ts";
import type { ApiRequest, ApiResponse, KubernetesApi } from "./port.ts";

/** Where credentials come from. */
export interface ConnectionOptions {
  /** Path of a kubeconfig. Default: as `kubectl` finds it, or the pod's service account inside a cluster. */
  readonly kubeconfig?: string;
  /** Context in it. Default: its current one. */
  readonly context?: string;
  /** A configuration of `@kubernetes/client-node` that you made yourself. */
  readonly config?: KubeConfig;
}

/**
 * The default connection: configuration and credentials (tokens, certificates, exec plugins, OIDC) are the official
 * client's, which is loaded on first use; requests are sent here, because its own calls have neither a timeout nor a
 * signal, and its watch ends after 30 idle seconds.
 */
export function connection(options: ConnectionOptions): KubernetesApi {
  let opened: Promise<Sender> | undefined;
  return {
    async send(request) {
      opened ??= open(options);
      // What failed to load may load the next time: a kubeconfig that is written later.
      opened.catch(() => (opened = undefined));
      return (await unlessStopped(opened, request.signal)).send(request);
    },
    async close() {
      const was = opened;
      opened = undefined;
      await (await was?.catch(() => undefined))?.close();
    },
  };
}

interface Sender {
  readonly send: (request: ApiRequest) => Promise<ApiResponse>;
  readonly close: () => Promise<void>;
}

async function open(options: ConnectionOptions): Promise<Sender> {
  const [client, undici] = await Promise.all([import("@kubernetes/client-node"), import("undici")]);
  const config = options.config ?? load(new client.KubeConfig(), options);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined)
    throw noConfig(`the context ${config.getCurrentContext() || "(none)"} names no cluster`);
  const dispatchers = new Dispatchers(undici);
  const send: Sender["send"] = async ({ method, path, body, contentType, signal }) => {
    const context = new client.RequestContext(server + path, client.HttpMethod[method]);
    // Anew for each request: tokens are renewed.
    const own = dispatchers.watching(config);
    await unlessStopped(own.config.applySecurityAuthentication(context), signal);
    const needed = own.options();
    const dispatcher = needed ? dispatchers.for(needed) : context.getDispatcher();
    const response = await undici.fetch(context.getUrl(), {
      method,
      headers: {
        ...context.getHeaders(),
        accept: "application/json",
        ...(contentType !== undefined && { "content-type": contentType }),
      },
      signal,
      ...(body !== undefined && { body }),
      ...(dispatcher && { dispatcher }),
    });
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      text: () => response.text(),
      lines: () => linesOf(response.body),
    };
  };
  return { send, close: () => dispatchers.close() };
}

function load(config: KubeConfig, { kubeconfig, context }: ConnectionOptions): KubeConfig {
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw noConfig(error instanceof Error ? error.message : String(error));
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) {
      const known = config.getContexts().map(({ name }) => name);
      throw noConfig(`there is no context ${context} (known: ${known.join(", ") || "none"})`);
    }
    config.setCurrentContext(context);
  }
  return config;
}

function noConfig(message: string): Refusal {
  return new Refusal("invalid", `kubeconfig: ${message}`);
}

/** Neither loading nor an exec plugin can be stopped; its caller need not wait for it. */
async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function* linesOf(body: Parameters<typeof Readable.fromWeb>[0] | null): AsyncGenerator<string> {
  if (!body) return;
  const stream = Readable.fromWeb(body);
  const failed = Promise.withResolvers<never>();
  // readline swallows errors of its input.
  stream.on("error", failed.reject);
  failed.promise.catch(() => undefined);
  const lines = createInterface({ input: stream, crlfDelay: Infinity })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([lines.next(), failed.promise]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    stream.destroy();
  }
}
