/** The state of every container of a pod, as KWOK's template of it. */
export interface Containers {
  readonly ready: boolean;
  /** The lines of `state`. */
  readonly state: string;
  /** The lines of `lastState`. */
  readonly lastState?: string;
  /** Restarts after this: those of before, or one more. */
  readonly restarts?: "as before" | "one more";
}

export const RUNNING = `running:
        startedAt: {{ $now | Quote }}`;

/** An end with exit code 1. */
export const CRASHED = `terminated:
        exitCode: 1
        reason: Error
        startedAt: {{ $now | Quote }}
        finishedAt: {{ $now | Quote }}`;

/** Waiting for a reason, such as `ImagePullBackOff`. */
export function waiting(reason: string, message: string): string {
  return `waiting:
        reason: ${reason}
        message: '${message}'`;
}

/** The template of a pod's status: its phase, conditions, containers and addresses. */
export function podStatus(phase: "Pending" | "Running", containers: Containers): string {
  return `{{ $now := Now }}
{{ $root := . }}
phase: ${phase}
startTime: {{ or .status.startTime $now | Quote }}
conditions:
- type: Initialized
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
${condition("ContainersReady", containers.ready)}
${condition("Ready", containers.ready)}
containerStatuses:
{{ range $index, $item := .spec.containers }}
${containerStatus(containers)}
{{ end }}
${ADDRESSES}`;
}

function condition(type: string, ready: boolean): string {
  const why = ready
    ? `reason: ""
  message: ""`
    : `reason: ContainersNotReady
  message: 'containers with unready status: [{{ range .spec.containers }}{{ .name }} {{ end }}]'`;
  return `- type: ${type}
  status: "${ready ? "True" : "False"}"
  lastTransitionTime: {{ $now | Quote }}
  ${why}`;
}

function containerStatus({ ready, state, lastState, restarts = "as before" }: Containers): string {
  const count = restarts === "one more" ? "{{ add $restarts 1 }}" : "{{ $restarts }}";
  return `{{ $restarts := 0 }}
{{ with $root.status.containerStatuses }}{{ $restarts = (index . $index).restartCount }}{{ end }}
- name: {{ $item.name | Quote }}
  image: {{ $item.image | Quote }}
  imageID: ""
  ready: ${ready}
  started: ${state === RUNNING}
  restartCount: ${count}
  state:
      ${state}${lastState ? `\n  lastState:\n      ${lastState}` : ""}`;
}

// Once: KWOK gives another address each time that it is asked.
const ADDRESSES = `{{ if not .status.podIP }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ end }}`;
