/** The code that a run needs is not here. Not a failure: the run waits for it. */
export class Parked extends Error {
  override name = "Parked";
}
