import { CLUSTER, epochMark, GROUP, MANAGED_BY, SERVING } from "../marks.ts";
import type { Container, PodTemplate, ReplicaSet } from "../objects/objects.ts";
import type { KubernetesRelease } from "../release.ts";
import { merge } from "./merge.ts";

/** Labels that say to which group a pod belongs: each group has its own. */
const OURS = [CLUSTER, GROUP, MANAGED_BY, SERVING, "pod-template-hash"];

/** A template, or why there is none. */
export type Resolved = { readonly template: PodTemplate } | { readonly problems: readonly string[] };

/** The pod template of a release: its own or the given one, with its patch, and then its images. */
export function resolveTemplate(release: KubernetesRelease, given: PodTemplate | undefined): Resolved {
  const base = (release.template as PodTemplate | undefined) ?? given;
  if (!base)
    return { problems: ["template: is missing: the cluster has no group yet whose template could be taken"] };
  const patched = (release.patch === undefined ? base : merge(base, release.patch)) as PodTemplate;
  const images = release.images ?? {};
  const known = [...(patched.spec.containers ?? []), ...(patched.spec.initContainers ?? [])].map(
    ({ name }) => name,
  );
  const problems = Object.keys(images)
    .filter((name) => !known.includes(name))
    .map((name) => `images.${name}: the template has no such container (it has ${known.join(", ")})`);
  if (problems.length > 0) return { problems };
  const withImages = (list: readonly Container[]): readonly Container[] =>
    list.map((container) => ({ ...container, ...imageOf(images, container.name) }));
  const { containers, initContainers } = patched.spec;
  const spec = {
    ...patched.spec,
    containers: withImages(containers),
    ...(initContainers && { initContainers: withImages(initContainers) }),
  };
  return { template: { ...patched, spec } };
}

function imageOf(
  images: NonNullable<KubernetesRelease["images"]>,
  name: string,
): { readonly image?: string } {
  const image = images[name];
  return image === undefined ? {} : { image };
}

/** The template of a group without what makes it that group's. */
export function bareTemplate({ spec }: ReplicaSet, cluster: string): PodTemplate {
  const { labels = {}, annotations = {} } = spec.template.metadata ?? {};
  return {
    metadata: {
      labels: without(labels, OURS),
      annotations: without(annotations, [epochMark(cluster)]),
    },
    spec: spec.template.spec,
  };
}

function without(map: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));
}
