import { createHash } from "node:crypto";
import type { GroupSpec, Token } from "@gennaker/core/ports";
import {
  APPLICATION,
  DIGESTS,
  GROUP,
  KEY,
  KEY_HASH,
  RELEASE,
  RELEASE_HASH,
  RESERVED,
  RUN,
  SEQUENCE,
} from "../marks.ts";
import type { PodTemplate, ReplicaSet } from "../objects/objects.ts";
import type { KubernetesRelease } from "../release.ts";
import { digestsNamed } from "../observe/digests.ts";
import { labelsOf, referringToCopies } from "../template/versioned.ts";
import { marked } from "./fence.ts";

/** What a new group is made of. */
export interface NewSet {
  readonly cluster: string;
  readonly sequence: number;
  readonly spec: GroupSpec<KubernetesRelease>;
  readonly template: PodTemplate;
  readonly token: Token;
}

/** `shop-api-v003` */
function groupName(cluster: string, sequence: number): string {
  return `${cluster}-v${String(sequence).padStart(3, "0")}`;
}

/** Label values are short, keys are not. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** A ReplicaSet that is not a group yet: empty, and marked as reserved with the size that it is to have. */
export function newSet({ cluster, sequence, spec, template, token }: NewSet): ReplicaSet {
  const { key, release, size } = spec;
  const name = groupName(cluster, sequence);
  const labels = labelsOf(cluster, name);
  const own = release.versioned ? referringToCopies(template, release.versioned, name) : template;
  const text = JSON.stringify(release);
  const digests = digestsNamed(template);
  return {
    metadata: {
      name,
      labels: { ...labels, [KEY_HASH]: hashOf(key), [RELEASE_HASH]: hashOf(text) },
      annotations: {
        [APPLICATION]: cluster.split("-")[0] ?? cluster,
        [SEQUENCE]: String(sequence),
        [RUN]: token.run,
        [KEY]: key,
        [RELEASE]: text,
        ...(Object.keys(digests).length > 0 && { [DIGESTS]: JSON.stringify(digests) }),
        [RESERVED]: String(size),
        ...marked(cluster, { epoch: token.epoch, run: token.run }),
      },
    },
    spec: {
      replicas: 0,
      minReadySeconds: release.minReadySeconds ?? 0,
      selector: { matchLabels: { [GROUP]: name } },
      template: { ...own, metadata: { ...own.metadata, labels: { ...own.metadata?.labels, ...labels } } },
    },
  };
}
