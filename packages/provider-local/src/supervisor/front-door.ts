import { pause } from "../pause.ts";
import { Balancer } from "./balancer.ts";
import type { Listen } from "./record.ts";
import { Refusal } from "./refusal.ts";

const LISTEN_AGAIN_MS = 1000;

/** Where a cluster's traffic comes in: its balancer, and what keeps it from listening. */
export class FrontDoor {
  readonly balancer: Balancer = new Balancer();
  readonly #changed: () => void;
  readonly #closed = new AbortController();
  #trouble: string | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** @throws Refusal when it cannot listen there */
  async open(where: Listen): Promise<Listen> {
    try {
      const listen = await this.balancer.open(where);
      this.#trouble = undefined;
      return listen;
    } catch (error) {
      throw new Refusal("invalid", cannotListen(where, error));
    }
  }

  /** Somebody may have taken the port while no supervisor was there: goes on trying behind the scenes. */
  async reopen(where: Listen): Promise<void> {
    const { signal } = this.#closed;
    try {
      await this.open(where);
    } catch (error) {
      this.#trouble = (error as Error).message;
      void pause(LISTEN_AGAIN_MS, signal).then(() => (signal.aborted ? undefined : this.reopen(where)));
    }
    this.#changed();
  }

  close(): void {
    this.#closed.abort();
    this.balancer.close();
  }
}

function cannotListen({ host, port }: Listen, error: unknown): string {
  const { code = "unknown", message } = error as NodeJS.ErrnoException;
  const why =
    code === "EADDRINUSE" ? "another process has the port (EADDRINUSE): choose another, or stop it" : message;
  return `the balancer cannot listen on ${host}:${port}: ${why}`;
}
