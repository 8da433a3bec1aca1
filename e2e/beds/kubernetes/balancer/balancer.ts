import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeConfig, KubernetesObject, V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import { type Objects, follow } from "../cluster/follow.ts";
import { type Address, readyEndpoints } from "./endpoints.ts";
import { type Counts, forward } from "./forward.ts";
import { type Backend, type Front, backendsOf, frontPath } from "./front.ts";
import { Pool } from "./pool.ts";
import { reportRoute, unreported } from "./route-status.ts";
import { Rotation } from "./rotation.ts";

export type { Front } from "./front.ts";

/** A backend as the balancer sees it now. */
export interface Share extends Backend {
  readonly endpoints: readonly Address[];
}

/** A load balancer that does what objects of the cluster say. */
export interface Balancer {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** What is in force now. */
  readonly shares: readonly Share[];
  readonly counts: Readonly<Counts>;
  close(): Promise<void>;
}

/** What a balancer is started from. */
export interface BalancerOptions {
  readonly config: KubeConfig;
  readonly namespace: string;
  readonly front: Front;
}

interface Turn extends Share {
  readonly endpointTurns: Rotation<Address & { readonly weight: number }>;
}

/** The part that knows who is next. */
class Table {
  readonly pool: Pool = new Pool();
  services: Objects<V1Service> = new Map();
  slices: Objects<V1EndpointSlice> = new Map();
  fronts: Objects<KubernetesObject> = new Map();
  #turns = new Rotation<Turn>([]);
  shares: readonly Share[] = [];
  readonly #front: Front;
  #last = "";

  constructor(front: Front) {
    this.#front = front;
  }

  /** Takes up what the objects say now. Turns go on where they were, if nothing is different. */
  renew(): void {
    const shares = backendsOf(this.#front, this.fronts.values()).map((backend) => ({
      ...backend,
      endpoints: readyEndpoints(this.#service(backend.service), this.slices.values(), backend.port),
    }));
    const now = JSON.stringify(shares);
    if (now === this.#last) return;
    this.#last = now;
    this.shares = shares;
    this.pool.become(shares.flatMap(({ endpoints }) => endpoints));
    this.#turns = new Rotation(
      shares.map((share) => ({
        ...share,
        endpointTurns: new Rotation(share.endpoints.map((endpoint) => ({ ...endpoint, weight: 1 }))),
      })),
    );
  }

  /** The backend whose turn it is. */
  next(): Turn | undefined {
    return this.#turns.next();
  }

  #service(name: string): V1Service | undefined {
    return [...this.services.values()].find(({ metadata }) => metadata?.name === name);
  }
}

/** Starts a balancer on a free port; resolves when it knows its objects. */
export async function startBalancer({ config, namespace, front }: BalancerOptions): Promise<Balancer> {
  const table = new Table(front);
  const counts: Counts = { received: 0, answered: 0, retried: 0, withoutEndpoint: 0, broken: 0 };
  const following = [
    follow<V1Service>(config, `/api/v1/namespaces/${namespace}/services`, (services) => {
      table.services = services;
      table.renew();
    }),
    follow<V1EndpointSlice>(
      config,
      `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
      (slices) => {
        table.slices = slices;
        table.renew();
      },
    ),
    follow(config, frontPath(front, namespace), (fronts) => {
      table.fronts = fronts;
      table.renew();
      if (front.kind === "HTTPRoute") report(config, fronts, front.name);
    }),
  ];
  const server = createServer((incoming, outgoing) => {
    counts.received += 1;
    const turn = table.next();
    const choose = () => {
      const address = turn?.endpointTurns.next();
      return address && table.pool.at(address);
    };
    forward({ incoming, outgoing, pool: table.pool, counts, choose });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), ...following.map(({ synced }) => synced)]);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get shares() {
      return table.shares;
    },
    counts,
    async close() {
      following.forEach((one) => one.close());
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      table.pool.become([]);
    },
  };
}

// A conflict or an API server that is away: the next change of the route comes by here again.
function report(config: KubeConfig, fronts: Objects<KubernetesObject>, name: string): void {
  const route = [...fronts.values()].find(({ metadata }) => metadata?.name === name);
  if (route && unreported(route)) void reportRoute(config, route).catch(() => {});
}
