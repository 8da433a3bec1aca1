import type { KubernetesObject } from "../objects/objects.ts";
import { groupNames, isLeftOver } from "./group-names.ts";
import { type GroupPort, type Route, routeIn, type Traffic, type TrafficView } from "./traffic.ts";
import { strangers, wholeWeights } from "./weights.ts";

/** A router whose object holds a list of rules, one of which splits a cluster's traffic by weight. */
export interface RuledRouter<
  Routing extends KubernetesObject,
  Rule extends { readonly name?: string },
> extends GroupPort {
  /** For messages: `gatewayRoute`. */
  readonly kind: string;
  readonly route: (cluster: string) => Route;
  /** Which of the rules, by name or by place from 0. */
  readonly which: string | number;
  /** The rule as its router calls it, for messages: first as a place, then as a thing. */
  readonly called: readonly [place: string, thing: string];
  readonly rulesOf: (object: Routing | undefined) => readonly Rule[];
  readonly specOf: (rules: readonly Rule[]) => object;
  readonly weightsOf: (rule: Rule | undefined) => Readonly<Record<string, number>>;
  readonly weighted: (rule: Rule, weights: Readonly<Record<string, number>>, view: TrafficView) => Rule;
}

/** Traffic by the weights of one rule of a list; what else the list says stays. */
export function ruledRoute<Routing extends KubernetesObject, Rule extends { readonly name?: string }>(
  router: RuledRouter<Routing, Rule>,
): Traffic {
  const { kind, route, which, called, port, targetPort } = router;
  const rulesIn = (view: TrafficView): readonly Rule[] =>
    router.rulesOf(routeIn<Routing>(view, route(view.cluster)));
  const find = (view: TrafficView): Rule | undefined =>
    rulesIn(view).find(({ name }, place) => (typeof which === "number" ? place === which : name === which));
  const where = ({ cluster }: TrafficView): string => {
    const { resource, name } = route(cluster);
    return `${resource.kind} ${name}, ${called[0]} ${which}`;
  };
  const missing = (view: TrafficView): string => `${where(view)}: there is no such ${called[1]}`;
  return {
    kind,
    mode: "weighted",
    port: { port, ...(targetPort !== undefined && { targetPort }) },
    routes: (cluster) => [route(cluster)],
    read: (view) => router.weightsOf(find(view)),
    write: (view, shares) => {
      const found = find(view);
      if (!found) return { problems: [missing(view)] };
      const foreign = strangers(where(view), staying(router.weightsOf(found), view), groupNames(view));
      if (foreign.length > 0) return { problems: foreign };
      const said = router.weighted(found, wholeWeights(shares), view);
      const spec = router.specOf(rulesIn(view).map((each) => (each === found ? said : each)));
      const at = route(view.cluster);
      return { changes: [{ route: at, object: { metadata: { name: at.name }, spec } }] };
    },
    problems: (view) => (find(view) ? [] : [missing(view)]),
  };
}

// A destroyed group may still be named; it is dropped.
function staying(weights: Readonly<Record<string, number>>, view: TrafficView): Record<string, number> {
  return Object.fromEntries(Object.entries(weights).filter(([name]) => !isLeftOver(name, view)));
}
