import type { Json } from "@gennaker/core/ports";

/** What a group runs: JSON, recorded with every rollout. Name at least one of `images`, `template` and `patch`. */
export type KubernetesRelease = {
  /** Image by name of the container, in any form: `"shop/api:1.4.2"`, `"registry.example/shop/api@sha256:…"`. */
  readonly images?: { readonly [container: string]: string };
  /**
   * A whole pod template. Default: that of the cluster's options, else of the group with the most traffic, else of the
   * newest group.
   */
  readonly template?: Json;
  /** Merged into the template: objects field by field, lists of things with a `name` by name, `null` takes away. */
  readonly patch?: Json;
  /** How long a pod must be ready before it counts as healthy, in seconds. Default 0. */
  readonly minReadySeconds?: number;
  /** ConfigMaps and Secrets of which the group gets copies of its own, taken when it is made. */
  readonly versioned?: VersionedSettings;
  /** A label for people. */
  readonly version?: string;
};

/** Names of objects that the template refers to. */
export type VersionedSettings = {
  readonly configMaps?: readonly string[];
  readonly secrets?: readonly string[];
};

const FIELDS = ["images", "template", "patch", "minReadySeconds", "versioned", "version"];
const DAY_SECONDS = 86_400;
/** Annotations of one object hold 256 KiB in all. */
const LARGEST = 200_000;

/** What is wrong with a release by its looks alone; all of it. */
export function releaseProblems(release: unknown): readonly string[] {
  if (!isObject(release)) return ['release: must be an object such as { images: { app: "shop/api:1.4.2" } }'];
  return [...problemsIn(release)];
}

function* problemsIn(release: Record<string, unknown>): Iterable<string> {
  const { images, template, patch, minReadySeconds, versioned, version } = release;
  for (const field of Object.keys(release))
    if (!FIELDS.includes(field)) yield `${field}: there is no such field (known: ${FIELDS.join(", ")})`;
  if (images === undefined && template === undefined && patch === undefined)
    yield "release: names neither images, nor a template, nor a patch";
  yield* imageProblems(images);
  if (template !== undefined && !isObject(template))
    yield "template: must be a pod template: { metadata, spec }";
  if (isObject(template) && (!isObject(template["spec"]) || !Array.isArray(template["spec"]["containers"])))
    yield "template: spec.containers is missing";
  if (patch !== undefined && !isObject(patch)) yield "patch: must be an object, a part of a pod template";
  const seconds = minReadySeconds ?? 0;
  if (typeof seconds !== "number" || !Number.isInteger(seconds) || seconds < 0 || seconds > DAY_SECONDS)
    yield `minReadySeconds: ${JSON.stringify(seconds)} is not a number of seconds, 0 to ${DAY_SECONDS}`;
  if (version !== undefined && (typeof version !== "string" || version === ""))
    yield "version: must be a text";
  yield* versionedProblems(versioned);
  if (JSON.stringify(release).length > LARGEST)
    yield `release: is larger than ${LARGEST} bytes; a group's annotations could not record it`;
}

function* imageProblems(images: unknown): Iterable<string> {
  if (images === undefined) return;
  if (!isObject(images) || Object.keys(images).length === 0) {
    yield 'images: must name images by container, such as { app: "shop/api:1.4.2" }';
    return;
  }
  for (const [container, image] of Object.entries(images))
    if (typeof image !== "string" || image === "" || /\s/.test(image))
      yield `images.${container}: ${JSON.stringify(image)} is no reference of an image`;
}

function* versionedProblems(versioned: unknown): Iterable<string> {
  if (versioned === undefined) return;
  if (!isObject(versioned)) {
    yield 'versioned: must be an object such as { configMaps: ["shop-api"] }';
    return;
  }
  for (const [field, names] of Object.entries(versioned))
    if (!["configMaps", "secrets"].includes(field))
      yield `versioned.${field}: there is no such field (known: configMaps, secrets)`;
    else if (!Array.isArray(names) || names.some((name) => typeof name !== "string" || name === ""))
      yield `versioned.${field}: must be a list of names`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
