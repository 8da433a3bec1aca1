import type { GroupProblem } from "@gennaker/core/ports";
import { conditionOf, type Pod, type PodEvent, type ReplicaSet } from "../objects/objects.ts";
import { containersOf, healthOf } from "./pod-health.ts";

/** What a problem is judged by. */
export interface Symptoms {
  readonly set: ReplicaSet;
  /** The group's pods. */
  readonly pods: readonly Pod[];
  /** Whether pods of the cluster are on their way out: what they hold may be free in a moment. */
  readonly leaving: boolean;
  /** Whether nodes may be added for pods that find no place. */
  readonly nodesMayCome: boolean;
  /** Warnings about the group's pods, newest last. */
  readonly events: readonly PodEvent[];
}

interface Complaint {
  readonly message: string;
  readonly fatal: boolean;
}

/** Why instances are not healthy; the worst first, with how many have it. */
export function problemOf(symptoms: Symptoms): GroupProblem | undefined {
  const { set, pods } = symptoms;
  const failed = creation(symptoms);
  const ill = pods.filter((pod) => !["ready", "gone"].includes(healthOf(pod)));
  const complaints = [...(failed ? [failed] : []), ...ill.flatMap((pod) => complaintOf(pod, symptoms) ?? [])];
  const worst = complaints.find(({ fatal }) => fatal) ?? complaints[0];
  if (!worst) return undefined;
  const same = complaints.filter(({ message }) => message === worst.message).length;
  const desired = set.spec.replicas ?? 1;
  if (desired === 0) return undefined;
  const count = worst === failed ? "" : `, ${same} of ${desired} ${desired === 1 ? "instance" : "instances"}`;
  // A group of which some instances do well is ill, not lost.
  const fatal = worst.fatal && (worst === failed || !pods.some((pod) => healthOf(pod) === "ready"));
  return { message: `${worst.message}${count}`, fatal };
}

const LASTING = /forbidden|exceeded quota|is invalid|denied the request|not found/i;

// No pod was made at all: quota, admission, a missing service account.
function creation({ set, leaving }: Symptoms): Complaint | undefined {
  const failure = conditionOf(set, "ReplicaFailure");
  if (failure?.status !== "True") return undefined;
  const message = failure.message ?? failure.reason ?? "pods cannot be created";
  return { message: `pods cannot be created: ${short(message)}`, fatal: LASTING.test(message) && !leaving };
}

function complaintOf(pod: Pod, symptoms: Symptoms): Complaint | undefined {
  return unschedulable(pod, symptoms) ?? broken(pod) ?? lost(pod) ?? warned(pod, symptoms.events);
}

function unschedulable(pod: Pod, { leaving, nodesMayCome }: Symptoms): Complaint | undefined {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status !== "False" || scheduled.reason !== "Unschedulable") return undefined;
  const placed = pod.status?.nominatedNodeName;
  const patient = leaving || nodesMayCome || (placed !== undefined && placed !== "");
  return { message: `no node takes it: ${short(scheduled.message ?? "unschedulable")}`, fatal: !patient };
}

/** Reasons for which a container waits, that waiting does not mend. */
const HOPELESS = new Set([
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "CreateContainerConfigError",
]);
/** So many crashes are no accident. */
const CRASHES = 3;

function broken(pod: Pod): Complaint | undefined {
  for (const { name, image, state, lastState, restartCount = 0 } of containersOf(pod)) {
    const { reason, message } = state?.waiting ?? {};
    if (reason === "CrashLoopBackOff" || state?.terminated?.exitCode) {
      const end = state?.terminated ?? lastState?.terminated;
      const how = end ? `${end.reason ?? "Error"}, exit code ${end.exitCode}` : "no exit code known";
      const text = `container ${name} crashes (${how})`;
      return { message: text, fatal: reason === "CrashLoopBackOff" && restartCount >= CRASHES };
    }
    if (reason === undefined || ["ContainerCreating", "PodInitializing"].includes(reason)) continue;
    const about = /image/i.test(reason) && image ? ` ${image}` : "";
    const text = `container ${name}: ${reason}${about}${message ? `: ${short(message)}` : ""}`;
    return { message: text, fatal: HOPELESS.has(reason) };
  }
  return undefined;
}

function lost(pod: Pod): Complaint | undefined {
  if (healthOf(pod) !== "unknown") return undefined;
  return { message: `node ${pod.spec?.nodeName ?? "(none)"} does not answer`, fatal: false };
}

// Volumes that do not mount and probes that fail are told by events alone.
function warned(pod: Pod, events: readonly PodEvent[]): Complaint | undefined {
  const last = events.findLast(({ involvedObject }) => involvedObject?.name === pod.metadata.name);
  if (!last)
    return healthOf(pod) === "unhealthy" ? { message: "not ready any more", fatal: false } : undefined;
  return { message: `${last.reason ?? "Warning"}: ${short(last.message ?? "")}`, fatal: false };
}

const LONGEST = 300;

// Names of pods are cut out, so that the same trouble of several pods is one.
function short(message: string): string {
  const plain = message
    .replaceAll(/\s+/g, " ")
    .replaceAll(/pods? "[^"]*"/g, "pod")
    .trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain;
}
