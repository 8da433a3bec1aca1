import type { Bell } from "./bell.ts";

/** Who waits in which line for a permit: when one leaves, the others may have moved up. */
export class Lines {
  readonly #byPermit = new Map<string, Set<Bell>>();

  join(permit: string, bell: Bell): void {
    const line = this.#byPermit.get(permit);
    if (line) line.add(bell);
    else this.#byPermit.set(permit, new Set([bell]));
  }

  leave(permit: string, bell: Bell): void {
    const line = this.#byPermit.get(permit);
    if (!line?.delete(bell)) return;
    if (line.size === 0) this.#byPermit.delete(permit);
    for (const other of line) other.ring();
  }
}
