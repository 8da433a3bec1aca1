import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Container, V1Probe } from "@kubernetes/client-node";

/** Probes a container as its readiness probe says, until stopped; tells when its readiness changes. */
export async function probe(
  container: V1Container,
  host: string,
  tell: (ready: boolean) => void,
  stop: AbortSignal,
): Promise<void> {
  const spec = container.readinessProbe;
  if (!spec) return tell(true);
  const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = spec;
  let ready = false;
  let streak = 0;
  await pause(initialDelaySeconds, stop);
  while (!stop.aborted) {
    const good = await once(spec, container, host);
    streak = good === ready ? 0 : streak + 1;
    if (streak >= (ready ? failureThreshold : successThreshold) && !stop.aborted) {
      ready = good;
      streak = 0;
      tell(ready);
    }
    await pause(periodSeconds, stop);
  }
}

async function pause(seconds: number, stop: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal: stop }).catch(() => {});
}

function once(
  { httpGet, tcpSocket, timeoutSeconds = 1 }: V1Probe,
  container: V1Container,
  host: string,
): Promise<boolean> {
  const port = portOf(httpGet?.port ?? tcpSocket?.port ?? 0, container);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timeout = timeoutSeconds * 1000;
  if (httpGet) {
    const asking = request({ host, port, path: httpGet.path ?? "/", agent: false, timeout }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 0) >= 200 && (response.statusCode ?? 0) < 400);
    });
    asking.on("timeout", () => asking.destroy(new Error("timeout")));
    asking.on("error", () => resolve(false));
    asking.end();
  } else if (tcpSocket) {
    const socket = connect({ host, port, timeout });
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("timeout", () => resolve(false));
    void promise.then(() => socket.destroy());
  } else {
    throw new Error("the bed's agent knows httpGet and tcpSocket as readiness probes");
  }
  return promise;
}

function portOf(port: number | string, container: V1Container): number {
  if (typeof port === "number") return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? 0;
}
