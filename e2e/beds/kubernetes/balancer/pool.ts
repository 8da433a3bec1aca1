import { Agent } from "node:http";
import type { Address } from "./endpoints.ts";

/** One endpoint and the connections to it. */
export interface Endpoint extends Address {
  readonly agent: Agent;
  /** Requests under way. */
  active: number;
  /** No new requests; its connections end with the last one under way. */
  draining: boolean;
}

/** The endpoints that there are connections to. One that leaves is drained: nothing under way is cut. */
export class Pool {
  readonly #endpoints = new Map<string, Endpoint>();

  /** Makes the endpoints these. */
  become(addresses: readonly Address[]): void {
    const wanted = new Map(addresses.map((address) => [key(address), address]));
    for (const [name, endpoint] of this.#endpoints) {
      if (wanted.has(name)) continue;
      this.#endpoints.delete(name);
      endpoint.draining = true;
      retire(endpoint);
    }
    for (const [name, { host, port }] of wanted) {
      if (this.#endpoints.has(name)) continue;
      this.#endpoints.set(name, {
        host,
        port,
        active: 0,
        draining: false,
        agent: new Agent({ keepAlive: true }),
      });
    }
  }

  at(address: Address): Endpoint | undefined {
    return this.#endpoints.get(key(address));
  }

  /** Counts a request in. */
  enter(endpoint: Endpoint): void {
    endpoint.active += 1;
  }

  /** Counts a request out. */
  leave(endpoint: Endpoint): void {
    endpoint.active -= 1;
    retire(endpoint);
  }
}

function retire(endpoint: Endpoint): void {
  if (endpoint.draining && endpoint.active === 0) endpoint.agent.destroy();
}

function key({ host, port }: Address): string {
  return `${host}:${port}`;
}
