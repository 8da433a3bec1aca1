/** Stops an attempt because its run is cancelled. Not a failure. */
export class Cancelled extends Error {
  override name = "AbortError";
}
