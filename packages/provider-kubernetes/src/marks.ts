// Labels select, annotations tell. Never rename one: groups that run carry them.

/** Label of everything that belongs to a cluster; its value is the cluster's name. */
export const CLUSTER = "gennaker.io/cluster";
/** Label of a group's ReplicaSet, pods, Service and settings; its value is the group's name. */
export const GROUP = "gennaker.io/group";
/** Label of a group's ReplicaSet: a hash of its key, by which it is found. */
export const KEY_HASH = "gennaker.io/key-hash";
/** Label of pods that get traffic, where groups are enabled pod by pod; its value is the cluster's name. */
export const SERVING = "gennaker.io/serving";
/** Label for tools. */
export const MANAGED_BY = "app.kubernetes.io/managed-by";

/** Annotation: the `app` of the cluster's name. */
export const APPLICATION = "gennaker.io/application";
/** Annotation: the 3 of v003. */
export const SEQUENCE = "gennaker.io/sequence";
/** Annotation: the run that made the group. */
export const RUN = "gennaker.io/run";
/** Annotation: the group's key. */
export const KEY = "gennaker.io/key";
/** Annotation: the release as JSON. */
export const RELEASE = "gennaker.io/release";
/** Label: a hash of the release. */
export const RELEASE_HASH = "gennaker.io/release-hash";
/** Annotation: digests by container, of images that are named by digest, and of those that pods run. */
export const DIGESTS = "gennaker.io/digests";
/** Annotation: not a group yet; its value is the size that it is to have once it is one. */
export const RESERVED = "gennaker.io/reserved";
/** Annotation of an adopted ReplicaSet that is still being taken over; its value is the Deployment's name. */
export const ADOPTING = "gennaker.io/adopting";
/** Annotation of an adopted ReplicaSet, for good; its value is the Deployment's name. */
export const ADOPTED = "gennaker.io/adopted-from";

/** Where an annotation is, for a JSON patch. */
export function annotationPath(annotation: string): string {
  return `/metadata/annotations/${annotation.replaceAll("/", "~1")}`;
}

/** Annotation with the epoch of the newest claim, on everything that commands of a cluster write. */
export function epochMark(cluster: string): string {
  return `epoch.gennaker.io/${cluster}`;
}

/** Who we are in `managedFields`. */
export const FIELD_MANAGER = "gennaker";
/** A manager of its own: server-side apply takes away what a manager no longer says. */
export const TRAFFIC_MANAGER = "gennaker-traffic";

/** Value of a selector that no pod has. */
export const NOBODY = "nobody";
