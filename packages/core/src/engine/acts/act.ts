/** Who does something, and why. */
export interface Act {
  /** A person or a bot; recorded in the event. */
  readonly actor?: string;
  readonly reason?: string;
}

/** An act as its event has it. */
export interface Said extends Act {
  readonly at: number;
}

/** Makes of an act what is recorded of it: at what time, and without secrets. */
export type Saying = (act: Act) => Said;
