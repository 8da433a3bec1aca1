import { Agent } from "node:http";

/** Where the balancer can send a request: one instance, as traffic sees it. */
export class Target {
  readonly id: string;
  /** Keeps connections open and uses them again. */
  readonly pooled: Agent = new Agent({ keepAlive: true, maxFreeSockets: 256, scheduling: "lifo" });
  port = 0;
  /** Whether new requests may come. */
  open = false;
  outstanding = 0;
  readonly #refused: () => void;
  #waiting: (() => void)[] = [];

  constructor(id: string, refused: () => void) {
    this.id = id;
    this.#refused = refused;
  }

  /** A request began; returns how to say, once, that it is over. */
  begin(): () => void {
    this.outstanding += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.outstanding -= 1;
      if (this.outstanding === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    };
  }

  /** Nobody listens on its port: it is not healthy, whatever it said last. */
  refused(): void {
    this.open = false;
    this.#refused();
  }

  /** Resolves when no request is under way. */
  quiet(): Promise<void> {
    if (this.outstanding === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** Another process behind the same name. */
  moveTo(port: number): void {
    this.port = port;
    this.pooled.destroy();
  }
}
