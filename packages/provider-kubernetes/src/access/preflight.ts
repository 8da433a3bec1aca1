import type { Call } from "../api/calls.ts";
import { ApiFailure, isAnswer, Refusal } from "../api/failure.ts";
import { AUTOSCALERS, CONFIG_MAPS, REPLICA_SETS, SECRETS } from "../api/resource.ts";
import { noSuchRoute } from "../commands/set-traffic.ts";
import { newSet } from "../commands/new-set.ts";
import { templateFor } from "../commands/template-for.ts";
import { readRecord } from "../commands/record.ts";
import type { Ground } from "../ground.ts";
import type { ReplicaSet } from "../objects/objects.ts";
import { lookAtRoutes, lookAtSets, type Routes } from "../observe/look.ts";
import { type KubernetesRelease, releaseProblems } from "../release.ts";
import { routeKey } from "../traffic/traffic.ts";
import { needsOf } from "./needs.ts";
import { type Permissions, textOf } from "./missing.ts";
import { roleOf, roleText } from "./role.ts";

/** Everything that can be seen to go wrong, without changing anything. */
export async function preflight(
  ground: Ground,
  permissions: Permissions,
  release: KubernetesRelease,
  call: Call,
): Promise<readonly string[]> {
  const looks = releaseProblems(release);
  const all = needsOf(ground, looks.length === 0 ? release : undefined);
  const needs = all.filter(({ optional }) => !optional);
  const missing = await permissions.missing(needs, call);
  if (missing.length > 0) {
    const { namespace } = ground.calls;
    const may = `in namespace ${namespace} this user may not: ${missing.map(textOf).join(", ")}`;
    const role = roleText(roleOf(`gennaker-${ground.cluster}`, namespace, missing));
    return [...looks, `${may}. The Role that is missing:\n${role}`];
  }
  const sight = look(ground, call);
  const [ofRoutes, ofAutoscaler, ofRelease] = await Promise.all([
    sight.then((there) => routeProblems(ground, there)),
    autoscalerProblems(ground, call),
    looks.length === 0 ? releaseProblemsHere(ground, sight, release, call) : [],
    // The claim that follows needs it, and finds it read.
    readRecord(ground, call),
  ]);
  return [...looks, ...ofRoutes, ...ofAutoscaler, ...ofRelease];
}

interface There {
  readonly sets: readonly ReplicaSet[];
  readonly routes: Routes;
}

async function look(ground: Ground, call: Call): Promise<There> {
  const [sets, routes] = await Promise.all([lookAtSets(ground, call), lookAtRoutes(ground, call)]);
  return { sets, routes };
}

function routeProblems(ground: Ground, { sets, routes }: There): readonly string[] {
  const { cluster, traffic } = ground;
  const absent = traffic.routes(cluster).filter((route) => !route.blank && !routes.has(routeKey(route)));
  if (absent.length > 0) return absent.map((route) => noSuchRoute(ground, route).message);
  return traffic.problems?.({ cluster, routes, sets }) ?? [];
}

async function autoscalerProblems({ autoscaler, calls }: Ground, call: Call): Promise<readonly string[]> {
  if (autoscaler === undefined || (await calls.find(AUTOSCALERS, autoscaler, call))) return [];
  return [`autoscaler: there is no HorizontalPodAutoscaler ${autoscaler} in namespace ${calls.namespace}`];
}

const NOTHING: There = { sets: [], routes: new Map() };

// The server itself is asked whether it would take it: defaults, admission and all.
async function releaseProblemsHere(
  ground: Ground,
  sight: Promise<There>,
  release: KubernetesRelease,
  call: Call,
): Promise<readonly string[]> {
  const { calls, cluster } = ground;
  const { configMaps = [], secrets = [] } = release.versioned ?? {};
  const wanted = [
    ...configMaps.map((name) => ({ resource: CONFIG_MAPS, name })),
    ...secrets.map((name) => ({ resource: SECRETS, name })),
  ];
  const there = await Promise.all(wanted.map(({ resource, name }) => calls.find(resource, name, call)));
  const absent = wanted
    .filter((_, index) => !there[index])
    .map(
      ({ resource, name }) =>
        `versioned: there is no ${resource.kind} ${name} in namespace ${calls.namespace}`,
    );
  try {
    // A whole template needs nothing of what is there.
    const seen = release.template === undefined ? await sight : NOTHING;
    const template = templateFor(ground, seen, release);
    const token = { run: "check", epoch: 0, command: "check" };
    const spec = { key: "check", release, size: 0 };
    const set = newSet({ cluster, sequence: 0, spec, template, token });
    await calls.create(REPLICA_SETS, set, call, { dryRun: true });
    return absent;
  } catch (error) {
    if (isAnswer(error, 409, "AlreadyExists")) return absent;
    if (error instanceof Refusal && error.kind === "invalid") return [...absent, error.message];
    if (error instanceof ApiFailure && [400, 403, 404, 422].includes(error.status))
      return [...absent, error.message];
    throw error;
  }
}
