import { ProviderError, type ProviderErrorKind } from "@gennaker/core/ports";
import type { SimulatedCluster } from "./cluster.ts";
import { type CallFault, drawFault, type Operation } from "./faults.ts";
import type { Refusal } from "./refusal.ts";
import type { Flight, Line } from "./line.ts";

/** How a landed call ends: with a value, or refused. It may take its time to answer. */
export interface Answer<T> {
  give(value: T): void;
  refuse(refusal: Refusal): void;
}

/** One call, before it is sent. */
export interface Call<T> {
  readonly operation: Operation;
  readonly world: SimulatedCluster;
  /** What an error names: a group or the cluster. */
  readonly resource: string;
  readonly signal: AbortSignal | undefined;
  /** Of a command; absent for reads and claims. */
  readonly epoch?: number;
  /** The instant at which it reaches the cloud. */
  land(answer: Answer<T>, how: { readonly late: boolean; readonly stale: boolean }): void;
}

const REFUSED: Partial<Record<CallFault, string>> = {
  throttled: "too many requests",
  conflict: "somebody else changed it at the same time",
  denied: 'the role may not do this: grant "simulated.write"',
  quota: "no more instances in this account: ask for a higher quota",
};
const LOST = "no answer: it may or may not have been carried out; observe before you repeat it";
const RETRY_AFTER = 1000;

/** Sends a call over a line: it travels, lands and is answered, unless a fault or the caller's end comes between. */
export function send<T>(line: Line, call: Call<T>): Promise<T> {
  if (line.crashed) return new Promise<never>(() => {});
  if (call.signal?.aborted) return aborted(call.signal);
  const { nature, planned } = line.network;
  const fault = drawFault(call.operation, planned, nature.faults, nature.random);
  return new Promise<T>((resolve, reject) => {
    const end = oneEnd(line, call.signal, reject);
    const answer: Answer<T> = {
      give: (value) => end(() => resolve(value)),
      refuse: (refusal) => end(() => reject(failure(line, call, refusal))),
    };
    travel(line, call, fault, answer);
  });
}

/** The error of a call. */
export function failure<T>(
  line: Line,
  { operation, resource }: Pick<Call<T>, "operation" | "resource">,
  refusal: Refusal,
): ProviderError {
  const retry = refusal.kind === "throttled" ? { retryAfterMs: RETRY_AFTER } : {};
  return new ProviderError({ provider: line.provider, operation, resource, ...refusal, ...retry });
}

function travel<T>(line: Line, call: Call<T>, fault: CallFault | undefined, answer: Answer<T>): void {
  const { nature, latencyMs, timeoutMs, lateMs, cut } = line.network;
  const { clock, random } = nature;
  const later = (then: () => void): unknown => clock.after(random.within(latencyMs), then);
  const giveUp = (): unknown =>
    clock.after(timeoutMs, () => answer.refuse({ kind: "unavailable", message: LOST }));
  const back: Answer<T> = {
    give: (value) => later(() => (line.network.cut ? giveUp() : answer.give(value))),
    refuse: (refusal) => later(() => (line.network.cut ? giveUp() : answer.refuse(refusal))),
  };
  const refused = fault && REFUSED[fault];
  if (cut || fault === "lostCommand") return void giveUp();
  if (refused !== undefined)
    return void later(() => back.refuse({ kind: fault as ProviderErrorKind, message: refused }));
  const unheard = fault === "lostAnswer" || fault === "lateCommand";
  if (unheard) giveUp();
  const flight = takeOff(line, call, unheard ? DEAF : back, fault === "staleRead");
  const late = fault === "lateCommand";
  // A late command comes after its caller was told that it is lost.
  const travels = late ? timeoutMs + random.within(lateMs) : random.within(latencyMs);
  flight.cancel = clock.after(travels, () =>
    line.network.cut ? (flight.drop(), giveUp()) : flight.land(late),
  );
}

const DEAF: Answer<unknown> = { give() {}, refuse() {} };

function takeOff<T>(line: Line, call: Call<T>, answer: Answer<T>, stale: boolean): Flight {
  const command = call.epoch === undefined ? undefined : { epoch: call.epoch };
  const drop = (): void => {
    line.flights.delete(flight);
    if (command) call.world.over(command);
  };
  const land = (late: boolean): void => {
    // First it lands, then it is over: what waits for it must find the world changed.
    call.land(answer, { late, stale });
    drop();
  };
  const flight: Flight = { land, drop, cancel: () => {} };
  line.flights.add(flight);
  if (command) call.world.flights.add(command);
  return flight;
}

/** Lets a call end once: by its answer or by its signal. A dead caller hears of neither. */
function oneEnd(
  line: Line,
  signal: AbortSignal | undefined,
  reject: (reason: unknown) => void,
): (how: () => void) => void {
  let over = false;
  const end = (how: () => void): void => {
    if (over || line.crashed) return;
    over = true;
    signal?.removeEventListener("abort", abort);
    how();
  };
  const abort = (): void => end(() => reject(signal?.reason));
  signal?.addEventListener("abort", abort, { once: true });
  return end;
}

/** Rejects with the reason of a signal, whatever it is. */
async function aborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  throw new Error("unreachable: the signal is not aborted");
}
