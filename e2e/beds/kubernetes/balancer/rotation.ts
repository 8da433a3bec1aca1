/** Something with a weight. */
export interface Weighted {
  readonly weight: number;
}

interface Turn<T> {
  readonly who: T;
  credit: number;
}

/**
 * Takes turns by weight, spread evenly: 3 to 1 is a a b a, not a a a b.
 *
 * Each turn, everybody gains its weight, the richest is taken and pays the sum. With 3 and 1: (3,1) takes a and
 * leaves (-1,1); (2,2) takes a: (-2,2); (1,3) takes b: (1,-1); (4,0) takes a: (0,0).
 */
export class Rotation<T extends Weighted> {
  readonly #turns: Turn<T>[];

  constructor(all: readonly T[]) {
    this.#turns = all.filter(({ weight }) => weight > 0).map((who) => ({ who, credit: 0 }));
  }

  /** Whose turn it is; undefined when nobody has a weight. */
  next(): T | undefined {
    let richest: Turn<T> | undefined;
    let sum = 0;
    for (const turn of this.#turns) {
      turn.credit += turn.who.weight;
      sum += turn.who.weight;
      if (!richest || turn.credit > richest.credit) richest = turn;
    }
    if (richest) richest.credit -= sum;
    return richest?.who;
  }
}
