import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Forward, type Take } from "./forward.ts";
import { hasBody, withoutUpgrade } from "./framing.ts";
import type { Listen } from "./record.ts";
import { leastBusy, nextTurn, type Weighted } from "./rotation.ts";
import type { Target } from "./target.ts";
import { upgrade } from "./upgrade.ts";

/** What the balancer counted for one group since it was opened. */
export interface GroupTraffic {
  /** Requests that were answered, by an instance or for it. */
  readonly requests: number;
  /** Requests whose instance broke the connection; they are among `requests`. */
  readonly failures: number;
  /** Answers with a status of 500 or more. */
  readonly serverErrors: number;
  /** Requests and WebSockets under way. */
  readonly active: number;
}

/** What the balancer of a cluster counted since it was opened. */
export interface ClusterTraffic {
  /** By name of the group, for those that exist. */
  readonly groups: { readonly [group: string]: GroupTraffic };
  /** Requests that were answered 503, because no healthy instance had a share. */
  readonly unserved: number;
}

/** The right to send one request to one instance. */
export interface Lease {
  readonly target: Target;
  readonly answered: (status: number) => void;
  readonly failed: () => void;
  readonly end: () => void;
}

interface Group extends Weighted {
  readonly name: string;
  share: number;
  targets: readonly Target[];
  last: Target | undefined;
  requests: number;
  failures: number;
  serverErrors: number;
}

/** Until a client has sent its headers, and from one piece of its body to the next. */
const PATIENCE_MS = 60_000;
const NO_TARGETS: ReadonlySet<Target> = new Set();

/** Divides the requests of one cluster among its groups by share, and among a group's instances by load. */
export class Balancer {
  #groups: Group[] = [];
  #unserved = 0;
  #server: Server | undefined;
  #listen: Listen | undefined;
  #opening: Promise<unknown> = Promise.resolve();
  readonly #patienceMs: number;

  /** `patienceMs`: how long a client may keep silent in the middle of a request. Default 60000. */
  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /** Where it listens; absent when it does not. */
  get listening(): Listen | undefined {
    return this.#listen;
  }

  /** Listens there, port 0 for any. When it listened elsewhere, what is under way there ends in peace. */
  open(where: Listen): Promise<Listen> {
    const opened = this.#opening.then(() => this.#openNext(where));
    this.#opening = opened.catch(() => undefined);
    return opened;
  }

  /** Takes no more requests; what is under way is cut off. */
  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
    this.#listen = undefined;
  }
  /** All groups at once: from here on every request sees these. */
  divide(
    groups: readonly { readonly name: string; readonly share: number; readonly targets: readonly Target[] }[],
  ): void {
    const known = new Map(this.#groups.map((group) => [group.name, group]));
    const same = division(groups) === division(this.#groups);
    this.#groups = groups.map(({ name, share, targets }) => {
      const group = known.get(name) ?? newGroup(name);
      // New shares begin with a clean slate, so that the next 100 requests are divided exactly.
      return Object.assign(group, { share, targets, credit: same ? group.credit : 0 });
    });
  }

  get traffic(): ClusterTraffic {
    const groups = this.#groups.map(({ name, requests, failures, serverErrors, targets }) => {
      const active = targets.reduce((sum, { outstanding }) => sum + outstanding, 0);
      return [name, { requests, failures, serverErrors, active }] as const;
    });
    return { groups: Object.fromEntries(groups), unserved: this.#unserved };
  }

  /** An open instance of a group with a share; groups without open instances lose their turn to the others. */
  take(tried: ReadonlySet<Target> = NO_TARGETS): Lease | undefined {
    const open = (group: Group): Target[] => group.targets.filter((one) => one.open && !tried.has(one));
    const able = this.#groups.filter((group) => group.share > 0 && open(group).length > 0);
    const group = nextTurn(able);
    const target = group && leastBusy(open(group), group.last);
    if (!target) return undefined;
    group.last = target;
    return {
      target,
      end: target.begin(),
      failed: () => (group.failures += 1),
      answered: (status) => {
        group.requests += 1;
        if (status >= 500) group.serverErrors += 1;
      },
    };
  }

  // ---

  async #openNext(where: Listen): Promise<Listen> {
    const now = this.#listen;
    if (now && now.host === where.host && (where.port === 0 || where.port === now.port)) return now;
    const server = this.#serve();
    server.listen(where.port, where.host);
    await once(server, "listening");
    this.#server?.close();
    this.#server = server;
    this.#listen = { host: where.host, port: (server.address() as AddressInfo).port };
    return this.#listen;
  }

  #serve(): Server {
    const take: Take = (refused, avoided = NO_TARGETS) => {
      const lease = this.take(new Set([...refused, ...avoided])) ?? this.take(refused);
      if (!lease) this.#unserved += 1;
      return lease;
    };
    const patience = this.#patienceMs;
    // Uploads may take as long as they take. That alone would let headers take for ever, too.
    const times = { requestTimeout: 0, headersTimeout: patience, connectionsCheckingInterval: patience / 2 };
    const server = createServer({ ...times, keepAliveTimeout: 75_000 });
    server.on("request", (request, response) => new Forward(request, response, take, patience).begin());
    server.on("upgrade", (request, socket, head) => {
      if (hasBody(request)) withoutUpgrade(server, request, socket, head);
      else upgrade(request, socket, head, take);
    });
    return server;
  }
}

function newGroup(name: string): Group {
  return {
    name,
    share: 0,
    credit: 0,
    targets: [],
    last: undefined,
    requests: 0,
    failures: 0,
    serverErrors: 0,
  };
}

function division(groups: readonly { readonly name: string; readonly share: number }[]): string {
  return JSON.stringify(groups.map(({ name, share }) => [name, share]));
}
