import type { PermitRequest } from "../../ports/engine.ts";
import type { Place, Places } from "../permits.ts";

/** Permits in memory: a queue for each key, in order of asking. */
export class MemoryPlaces implements Places {
  readonly #queues = new Map<string, Place[]>();
  #tickets = 0;

  find(key: string, run: string, holder: string): Place | undefined {
    return this.#queues.get(key)?.find((place) => place.run === run && place.holder === holder);
  }

  granted(key: string): number {
    return count(this.#queues.get(key), (place) => place.granted);
  }

  ahead({ key, ticket }: Place): number {
    return count(this.#queues.get(key), (place) => !place.granted && place.ticket < ticket);
  }

  firstWaiting(key: string): Place | undefined {
    return this.#queues.get(key)?.find((place) => !place.granted);
  }

  all(key: string): readonly Place[] {
    return this.#queues.get(key) ?? [];
  }

  add(run: string, { key, holder, limit }: PermitRequest, granted: boolean): Place {
    const place = { run, key, holder, limit, granted, ticket: ++this.#tickets };
    const queue = this.#queues.get(key);
    if (queue) queue.push(place);
    else this.#queues.set(key, [place]);
    return place;
  }

  grant(place: Place): Place {
    const queue = this.#queues.get(place.key) ?? [];
    const granted = { ...place, granted: true };
    queue[queue.indexOf(place)] = granted;
    return granted;
  }

  remove(place: Place): void {
    const queue = this.#queues.get(place.key) ?? [];
    queue.splice(queue.indexOf(place), 1);
    if (queue.length === 0) this.#queues.delete(place.key);
  }

  /** All that are granted, in order of asking. */
  allGranted(): Place[] {
    const places = [...this.#queues.values()].flat().filter((place) => place.granted);
    return places.toSorted((a, b) => a.ticket - b.ticket);
  }
}

function count(queue: readonly Place[] | undefined, wanted: (place: Place) => boolean): number {
  let found = 0;
  if (queue) for (const place of queue) if (wanted(place)) found += 1;
  return found;
}
