/** An address for one pod. */
export interface PodAddress {
  /** What the pod's status and its endpoints say: Kubernetes refuses loopback addresses there. */
  readonly podIP: string;
  /** Where its process listens: the same with 127 in front, an address of its own on this machine. */
  readonly host: string;
}

/** Gives addresses out. */
export interface Addressing {
  next(): PodAddress;
}

const FIRST_NET = 100;
const PER_NET = 254;

/** Addresses of one bed, different from those of every other bed of this machine by the port of its API server. */
export function addressing(port: number): Addressing {
  const net = `${FIRST_NET + (((port - 20_000) >> 8) & 63)}.${port & 255}`;
  let given = 0;
  return {
    // In turn, so that an address rests as long as possible before it is another pod's.
    next() {
      const last = `${net}.${1 + (given++ % PER_NET)}`;
      return { podIP: `10.${last}`, host: `127.${last}` };
    },
  };
}

/** Where the process of a pod with this address listens. */
export function hostOf(podIP: string): string {
  return podIP.replace(/^10\./, "127.");
}
