import { type Random, random } from "../cloud/random.ts";

/** Chance of one kind: kinds do not disturb each other, so that a kill more does not change what people answer. */
export function chanceOf(seed: number, kind: "crashes" | "down" | "people" | "stages"): Random {
  const salt = { crashes: 0x2545f491, down: 0x7f4a7c15, people: 0x9e3779b9, stages: 0x51ed270b }[kind];
  return random(Math.imul(seed, 0x01000193) ^ salt);
}
