/** The annotation of a pod that says how it is to behave; without it, the end of its first container's tag does. */
export const BEHAVIOUR = "bed.gennaker.dev/behaviour";
/** How long a pod with the behaviour takes, such as `500ms` or `10s`. */
export const DELAY = "bed.gennaker.dev/delay";
/** How long a pod that is deleted takes to end, such as `2s`. */
export const STOP_AFTER = "bed.gennaker.dev/stop-after";

/**
 * What pods can do. `shop:2` is fast, and `shop:2-never-ready` is never ready: a release that names only an image chooses
 * the behaviour of its pods by it.
 *
 * - `fast`: ready at once
 * - `slow-start`: running at once, ready after the delay (3 s)
 * - `bad-image`: ErrImagePull and ImagePullBackOff in turn, with the kubelet's events
 * - `never-ready`: running, not ready
 * - `crash-loop`: runs, exits with 1, CrashLoopBackOff, runs again, and so on; the restarts are counted
 * - `ready-then-bad`: ready at once, not ready after the delay (3 s)
 * - `stuck-termination`: ready at once; once deleted, it stays until somebody deletes it without grace
 */
export const BEHAVIOURS = [
  "fast",
  "slow-start",
  "bad-image",
  "never-ready",
  "crash-loop",
  "ready-then-bad",
  "stuck-termination",
] as const;

/** One of them. */
export type Behaviour = (typeof BEHAVIOURS)[number];

const inTag = `capture("[:-](?<chosen>${BEHAVIOURS.join("|")})(@|$)").chosen`;

/** A jq expression for the behaviour of a pod. */
export const CHOSEN: string = `(.metadata.annotations["${BEHAVIOUR}"] // (.spec.containers[0].image | ${inTag})? // "fast")`;
