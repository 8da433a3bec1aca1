import type { DispatcherOptions, KubeConfig } from "@kubernetes/client-node";
import type { Agent, Dispatcher, ProxyAgent } from "undici";

/** As far as `undici` is needed: it is loaded on first use. */
interface Undici {
  readonly Agent: typeof Agent;
  readonly ProxyAgent: typeof ProxyAgent;
}

/** Pauses are longer than undici's 4 s between the phases of a rollout. */
const KEPT_MS = 30_000;

/**
 * Connections that are used again for as long as address and credentials stay the same. The official client opens a new one
 * for each request: most of the time of a request would be its TLS handshake.
 */
export class Dispatchers {
  readonly #undici: Undici;
  #key = "";
  #current: Dispatcher | undefined;

  constructor(undici: Undici) {
    this.#undici = undici;
  }

  /** A configuration like the given one that leaves connections to us; `options` tells which are needed. */
  watching(config: KubeConfig): { readonly config: KubeConfig; options(): DispatcherOptions | undefined } {
    let options: DispatcherOptions | undefined;
    const own = Object.create(config) as KubeConfig;
    own.createDispatcherOptions = (...given) => {
      const wanted = config.createDispatcherOptions(...given);
      // Its way through SOCKS is its own.
      options = wanted.type === "socks" ? undefined : wanted;
      return options ? { type: "none" } : wanted;
    };
    return { config: own, options: () => options };
  }

  /** What to send with; undefined: nothing special is needed. */
  for(options: DispatcherOptions): Dispatcher | undefined {
    const key = JSON.stringify(options);
    if (key === this.#key) return this.#current;
    const old = this.#current;
    this.#key = key;
    this.#current = this.#make(options);
    // Credentials were renewed: what is under way ends by itself.
    old?.close().catch(() => undefined);
    return this.#current;
  }

  async close(): Promise<void> {
    const current = this.#current;
    this.#key = "";
    this.#current = undefined;
    await current?.destroy();
  }

  // One HTTP/1.1 connection each rather than one for all: one that hangs is given up with its request, and no other waits.
  #make(options: DispatcherOptions): Dispatcher | undefined {
    const { Agent, ProxyAgent } = this.#undici;
    const common = { allowH2: false, keepAliveTimeout: KEPT_MS };
    if (options.type === "agent") return new Agent({ ...common, connect: options.connect } as Agent.Options);
    if (options.type !== "proxy") return undefined;
    const { uri, requestTls, connect } = options;
    return new ProxyAgent({ ...common, uri, requestTls, connect } as ProxyAgent.Options);
  }
}
