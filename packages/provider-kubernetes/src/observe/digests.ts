import type { Container, Pod, PodTemplate } from "../objects/objects.ts";
import { containersOf } from "./pod-health.ts";

/** Digests of images by container. Two, with a space between, where pods run two: the tag was moved between their pulls. */
export type Digests = Readonly<Record<string, string>>;

/** Those that a template's images are named by. */
export function digestsNamed({ spec }: PodTemplate): Digests {
  const containers: readonly Container[] = [...(spec.initContainers ?? []), ...spec.containers];
  return byContainer(containers.map(({ name, image }) => [name, image]));
}

/** Those that pods run, as their nodes tell. Images that no registry gave have none. */
export function digestsRun(pods: readonly Pod[]): Digests {
  return byContainer(pods.flatMap(containersOf).map(({ name, imageID }) => [name, imageID]));
}

function byContainer(images: readonly (readonly [container: string, image: string | undefined])[]): Digests {
  const found = new Map<string, Set<string>>();
  for (const [container, image = ""] of images) {
    const digest = /@(sha\d+:[0-9a-f]+)$/.exec(image)?.[1];
    if (digest !== undefined) found.set(container, (found.get(container) ?? new Set()).add(digest));
  }
  return Object.fromEntries([...found].map(([name, digests]) => [name, [...digests].toSorted().join(" ")]));
}
