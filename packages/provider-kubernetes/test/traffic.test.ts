import { type Arbitrary, array, assert, integer, pre, property, record, shuffledSubarray } from "fast-check";
import { describe, expect, it } from "vitest";
import { gatewayRoute, istio, nginxCanary, routeKey, serviceSelector, type Traffic } from "../src/index.ts";
import type { KubernetesObject } from "../src/objects/objects.ts";
import { percentages } from "../src/observe/shares.ts";
import type { TrafficView } from "../src/traffic/traffic.ts";
import { set } from "./fixtures/objects.ts";

const GROUPS = ["shop-v001", "shop-v002", "shop-v003"];
const sets = GROUPS.map((name, index) => set({ name, sequence: index + 1 }));

type Routes = ReadonlyMap<string, KubernetesObject>;

const SERVICE: Routes = new Map([
  ["Service shop", { metadata: { name: "shop" }, spec: { selector: { app: "shop" } } } as KubernetesObject],
]);
const route = (backendRefs: readonly object[]): Routes =>
  new Map([
    [
      "HTTPRoute shop",
      { metadata: { name: "shop" }, spec: { rules: [{ backendRefs }] } } as KubernetesObject,
    ],
  ]);
const virtual = (rule: object): Routes =>
  new Map([
    ["VirtualService shop", { metadata: { name: "shop" }, spec: { http: [rule] } } as KubernetesObject],
  ]);
const INGRESS: Routes = new Map([
  [
    "Ingress shop",
    {
      metadata: { name: "shop", uid: "u" },
      spec: { rules: [{ http: { paths: [{ path: "/", backend: { service: { name: "nobody" } } }] } }] },
    } as KubernetesObject,
  ],
]);

const view = (routes: Routes, more: Partial<TrafficView> = {}): TrafficView => ({
  cluster: "shop",
  routes,
  sets,
  ...more,
});

/** As server-side apply merges it: objects field by field, everything else replaced. */
function applied(object: object | undefined, change: object): KubernetesObject {
  const merged: Record<string, unknown> = { ...object };
  for (const [field, value] of Object.entries(change)) {
    const deep = typeof value === "object" && value !== null && !Array.isArray(value) && field !== "selector";
    merged[field] = deep ? applied(merged[field] as object, value) : value;
  }
  return merged as unknown as KubernetesObject;
}

/** Every state of the routes on the way. */
function written(
  traffic: Traffic,
  start: TrafficView,
  shares: Readonly<Record<string, number>>,
): readonly Routes[] {
  const plan = traffic.write(start, shares);
  if ("problems" in plan) throw new Error(plan.problems.join());
  const states: Routes[] = [];
  let routes = start.routes;
  for (const { route: at, object } of plan.changes) {
    const current = routes.get(routeKey(at)) ?? at.blank?.(start);
    routes = new Map([...routes, [routeKey(at), applied(current, object)]]);
    states.push(routes);
  }
  return states;
}

function after(traffic: Traffic, start: TrafficView, shares: Readonly<Record<string, number>>): TrafficView {
  return { ...start, routes: written(traffic, start, shares).at(-1) ?? start.routes };
}

const positive = (weights: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(percentages(weights)).filter(([, weight]) => weight > 0));

const KINDS = {
  serviceSelector: { traffic: serviceSelector(), start: SERVICE, atOnce: 1 },
  gatewayRoute: { traffic: gatewayRoute({ port: 80 }), start: route([]), atOnce: 3 },
  istio: { traffic: istio({ port: 80 }), start: virtual({ directResponse: { status: 503 } }), atOnce: 3 },
  nginxCanary: { traffic: nginxCanary({ port: 80 }), start: INGRESS, atOnce: 2 },
};

/** Shares of up to so many groups, in whole percent, or of nobody. */
const sharesOf = (atOnce: number): Arbitrary<Record<string, number>> =>
  record({
    names: shuffledSubarray(GROUPS, { minLength: 0, maxLength: atOnce }),
    cuts: array(integer({ min: 1, max: 99 }), { minLength: 2, maxLength: 2 }),
  }).map(({ names, cuts }) => {
    const [a = 1, b = 1] = cuts.toSorted((x, y) => x - y);
    if (names.length === 0) return {};
    if (names.length === 1) return { [names[0]!]: 100 };
    if (names.length === 2 || a === b) return { [names[0]!]: a, [names[1]!]: 100 - a };
    return { [names[0]!]: a, [names[1]!]: b - a, [names[2]!]: 100 - b };
  });

describe.each(Object.entries(KINDS))("traffic by %s", (_name, { traffic, start, atOnce }) => {
  it("reads what it wrote, from wherever it came", () => {
    assert(
      property(array(sharesOf(atOnce), { minLength: 1, maxLength: 4 }), (steps) => {
        let now = view(start);
        for (const shares of steps) {
          now = after(traffic, now, shares);
          expect(positive(traffic.read(now))).toEqual(shares);
        }
      }),
    );
  });

  it("has traffic only with groups that had it or shall have it, after each single write", () => {
    assert(
      property(sharesOf(atOnce), sharesOf(atOnce), (before, wanted) => {
        const from = after(traffic, view(start), before);
        const allowed = new Set([...Object.keys(before), ...Object.keys(wanted)]);
        for (const routes of written(traffic, from, wanted))
          for (const group of Object.keys(positive(traffic.read({ ...from, routes }))))
            expect(allowed).toContain(group);
      }),
    );
  });

  it("leaves nobody without traffic on the way from one that serves to another", () => {
    assert(
      property(sharesOf(atOnce), sharesOf(atOnce), (before, wanted) => {
        pre(Object.keys(before).length > 0 && Object.keys(wanted).length > 0);
        const from = after(traffic, view(start), before);
        for (const routes of written(traffic, from, wanted))
          expect(Object.keys(positive(traffic.read({ ...from, routes })))).not.toEqual([]);
      }),
    );
  });
});

describe("a Service", () => {
  it("gives all to one group, and says so", () =>
    expect(serviceSelector().write(view(SERVICE), { "shop-v001": 50, "shop-v002": 50 })).toEqual({
      problems: ["a Service's selector gives all traffic to one group"],
    }));

  it("keeps the rest of its selector", () => {
    const { routes } = after(serviceSelector(), view(SERVICE), { "shop-v001": 100 });
    expect(routes.get("Service shop")).toMatchObject({
      spec: { selector: { app: "shop", "gennaker.io/group": "shop-v001" } },
    });
  });

  it("is narrowed before a first group, whose pods it would take, and only then", () => {
    const shield = serviceSelector().shield?.(view(SERVICE));
    expect(shield).toMatchObject({
      cutsOff: { app: "shop" },
      object: { spec: { selector: { app: "shop" } } },
    });
    const narrowed = after(serviceSelector(), view(SERVICE), {});
    expect(serviceSelector().shield?.(narrowed)).toBeUndefined();
    expect(serviceSelector().shield?.(view(new Map()))).toBeUndefined();
  });

  it("says when it was used in the other mode", () => {
    const switched = after(serviceSelector(), view(SERVICE), { "shop-v001": 100 });
    expect(serviceSelector({ mode: "proportional" }).problems?.(switched)).toHaveLength(1);
    expect(serviceSelector().problems?.(switched)).toEqual([]);
  });

  it("in proportional mode gives to the groups whose pods are labelled", () => {
    const traffic = serviceSelector({ mode: "proportional" });
    const serving = set({ name: "shop-v002", podLabels: { "gennaker.io/serving": "shop" } });
    const now = { ...after(traffic, view(SERVICE), { "shop-v002": 100 }), sets: [sets[0]!, serving] };
    expect(traffic.read(now)).toEqual({ "shop-v002": 1 });
    expect(traffic.read({ ...now, routes: SERVICE })).toEqual({});
  });
});

describe("a route", () => {
  it("keeps what is said of a backend besides its weight, and other rules", () => {
    const filters = [{ type: "RequestHeaderModifier" }];
    const rules = [{ name: "a", backendRefs: [{ name: "shop-v001", port: 80, filters }] }, { name: "b" }];
    const start = new Map([
      ["HTTPRoute shop", { metadata: { name: "shop" }, spec: { rules } } as KubernetesObject],
    ]);
    const { routes } = after(gatewayRoute({ port: 80, rule: "a" }), view(start), {
      "shop-v001": 20,
      "shop-v002": 80,
    });
    expect(routes.get("HTTPRoute shop")).toMatchObject({
      spec: {
        rules: [
          {
            backendRefs: [
              { name: "shop-v001", weight: 20, filters },
              { name: "shop-v002", weight: 80, port: 80 },
            ],
          },
          { name: "b" },
        ],
      },
    });
  });

  it("drops groups that are gone, and refuses to touch traffic of strangers", () => {
    const traffic = gatewayRoute({ port: 80 });
    const gone = view(route([{ name: "shop-v009", port: 80, weight: 1 }]));
    const { routes } = after(traffic, gone, { "shop-v001": 100 });
    expect(traffic.read({ ...gone, routes })).toEqual({ "shop-v001": 100 });
    expect(traffic.write(view(route([{ name: "legacy", weight: 5 }])), { "shop-v001": 100 })).toEqual({
      problems: ["HTTPRoute shop, rule 0 sends traffic to Service legacy, which is no group of this cluster"],
    });
    expect(
      istio({ port: 80 }).write(view(virtual({ route: [{ destination: { host: "legacy" } }] })), {}),
    ).toEqual({
      problems: [
        "VirtualService shop, http 0 sends traffic to Service legacy, which is no group of this cluster",
      ],
    });
  });

  it("lets a Service give way that is taken over", () => {
    const traffic = gatewayRoute({ port: 80 });
    const taken = view(route([{ name: "shop", weight: 5 }]), { replaced: "shop" });
    expect(traffic.read(after(traffic, taken, { "shop-v001": 100 }))).toEqual({ "shop-v001": 100 });
  });

  it("says which rule is not there", () => {
    expect(gatewayRoute({ port: 80, rule: "x" }).problems?.(view(route([])))).toEqual([
      "HTTPRoute shop, rule x: there is no such rule",
    ]);
    expect(istio({ port: 80, http: 3 }).problems?.(view(virtual({})))).toHaveLength(1);
    expect(nginxCanary({ port: 80 }).problems?.(view(new Map()))).toHaveLength(1);
  });

  it("takes shares that are no whole numbers", () => {
    const traffic = gatewayRoute({ port: 80 });
    const { routes } = after(traffic, view(route([])), { "shop-v001": 12.5, "shop-v002": 87.5 });
    expect(traffic.read(view(routes))).toEqual({ "shop-v001": 125, "shop-v002": 875 });
  });

  it("of NGINX has two groups at most", () =>
    expect(
      nginxCanary({ port: 80 }).write(view(INGRESS), { "shop-v001": 1, "shop-v002": 1, "shop-v003": 98 }),
    ).toEqual({
      problems: ["an NGINX canary splits traffic between two groups"],
    }));
});
