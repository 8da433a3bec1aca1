import { type Cluster, ProviderError, type Provider } from "@gennaker/core/ports";
import type { SimulatedCloud } from "../cloud/simulated-cloud.ts";

/** How a simulated provider is to be. */
export type ProviderLike = Pick<Provider<never>, "name" | "supports">;

/** The providers that clusters name, simulated: one for each name, at home in every account that is named. */
export class SimulatedProviders {
  readonly #cloud: SimulatedCloud;
  readonly #accounts = new Map<string, Set<string>>();
  readonly #likes: ReadonlyMap<string, ProviderLike>;
  /** Calls that failed, got lost, or showed something old. */
  faults = 0;

  constructor(cloud: SimulatedCloud, clusters: readonly Cluster<unknown>[], likes: readonly ProviderLike[]) {
    this.#cloud = cloud;
    this.#likes = new Map(likes.map((like) => [like.name, like]));
    for (const { provider, account } of clusters) {
      const accounts = this.#accounts.get(provider) ?? new Set();
      this.#accounts.set(provider, accounts.add(account));
    }
  }

  /** Fresh connections, as a process makes them at its start. */
  connect(): Provider[] {
    return [...this.#accounts].map(([name, accounts]) => {
      const { traffic, fencing, conditions, createOnce, watch, preview } =
        this.#likes.get(name)?.supports ?? {};
      const supports = {
        ...(traffic && { traffic }),
        ...(fencing && { fencing }),
        ...(conditions !== undefined && { conditions }),
        ...(createOnce !== undefined && { createOnce }),
        ...(watch !== undefined && { watch }),
        ...(preview !== undefined && { preview }),
      };
      const made = [...accounts].map((account) => this.#cloud.provider({ name, account, ...supports }));
      // Each knows the clusters of all accounts: accounts differ only in what clusters are called.
      return made.at(-1) as Provider;
    });
  }

  /** The same provider; what goes wrong in its calls is counted. */
  counted(provider: Provider): Provider {
    const count = <T>(call: Promise<T>): Promise<T> =>
      call.catch((error: unknown) => {
        if (error instanceof ProviderError && error.kind !== "fenced") this.faults += 1;
        throw error;
      });
    return {
      ...provider,
      check: (...args) => count(provider.check(...args)),
      observe: async (...args) => {
        const state = await count(provider.observe(...args));
        if (state.stale) this.faults += 1;
        return state;
      },
      claim: (...args) => count(provider.claim(...args)),
      createGroup: (...args) => count(provider.createGroup(...args)),
      scaleGroup: (...args) => count(provider.scaleGroup(...args)),
      setTraffic: (...args) => count(provider.setTraffic(...args)),
      destroyGroup: (...args) => count(provider.destroyGroup(...args)),
      ...(provider.preview && {
        preview: (...args) => count(provider.preview?.(...args) ?? Promise.reject(new Error("no preview"))),
      }),
    };
  }
}
