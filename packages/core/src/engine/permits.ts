import type { PermitRequest, PermitState, Write } from "../ports/engine.ts";
import { noPlace } from "./refusals.ts";

/** A request for a permit, as it is kept. */
export interface Place extends Omit<PermitRequest, "onlyIfFree"> {
  readonly run: string;
  /** Grows with each request: who came first is served first. */
  readonly ticket: number;
  readonly granted: boolean;
}

/** Where requests for permits are kept. */
export interface Places {
  find(key: string, run: string, holder: string): Place | undefined;
  /** How many places under a key are granted. */
  granted(key: string): number;
  /** How many wait under the key of a place and came before it. */
  ahead(place: Place): number;
  firstWaiting(key: string): Place | undefined;
  /** All under a key, in order of asking. */
  all(key: string): readonly Place[];
  add(run: string, request: PermitRequest, granted: boolean): Place;
  grant(place: Place): Place;
  remove(place: Place): void;
}

const NONE: readonly never[] = [];

/**
 * To be called before anything of a write is recorded.
 *
 * @throws ConflictError when it asks for a place that it wants only if one is free, and none is
 */
export function checkFree(places: Places, run: string, { request = NONE }: Pick<Write, "request">): void {
  for (const wanted of request) {
    if (wanted.onlyIfFree !== true) continue;
    const place = places.find(wanted.key, run, wanted.holder);
    if (!(place ? place.granted : isFree(places, wanted))) throw noPlace(wanted.key);
  }
}

/** Who has a place under a key, or waits for one, in the order of asking. */
export function lineOf(places: Places, key: string): readonly PermitState[] {
  let waiting = 0;
  return places.all(key).map((place) => permitState(place, place.granted ? 0 : (waiting += 1)));
}

function isFree(places: Places, { key, limit }: PermitRequest): boolean {
  return !places.firstWaiting(key) && places.granted(key) < limit;
}

/** Carries out what a write says about permits: what is given back comes free for those who waited for it, first. */
export function movePermits(
  places: Places,
  run: string,
  { request = NONE, release = NONE }: Pick<Write, "request" | "release">,
): { readonly permits: readonly PermitState[]; readonly granted: readonly PermitState[] } {
  if (request.length === 0 && release.length === 0) return { permits: NONE, granted: NONE };
  const granted = release.flatMap(({ key, holder }) => releasePlace(places, run, key, holder));
  return { permits: request.map((wanted) => requestPlace(places, run, wanted)), granted };
}

/** Asks for a place. Asking again changes nothing and answers where the first request stands. */
function requestPlace(places: Places, run: string, request: PermitRequest): PermitState {
  const { key, holder } = request;
  const place = places.find(key, run, holder) ?? places.add(run, request, isFree(places, request));
  return permitState(place, place.granted ? 0 : places.ahead(place) + 1);
}

/** Gives a place back, or withdraws a request; returns whom that lets in. Each is held to the limit of its own request. */
function releasePlace(places: Places, run: string, key: string, holder: string): PermitState[] {
  const place = places.find(key, run, holder);
  if (!place) return [];
  places.remove(place);
  const admitted: PermitState[] = [];
  for (;;) {
    const next = places.firstWaiting(key);
    if (!next || places.granted(key) >= next.limit) return admitted;
    admitted.push(permitState(places.grant(next), 0));
  }
}

/** What the world is told of a place. */
export function permitState({ run, key, holder, granted }: Place, position: number): PermitState {
  return { run, key, holder, granted, position };
}
