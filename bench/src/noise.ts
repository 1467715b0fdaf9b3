import { randomNumbers } from "./random-numbers.ts";

/** How well durations are known beforehand. */
export interface Estimates {
  /** Standard deviation of the logarithm of the error; 0 for exact durations. */
  readonly sigma: number;
  readonly seed: number;
}

/**
 * Returns the durations as a bad estimate would have them: each times exp(sigma x g), g from the standard normal
 * distribution. The same seed and name give the same errors.
 */
export function withNoise(durations: Float64Array, { sigma, seed }: Estimates, name: string): Float64Array {
  const random = randomNumbers(seed ^ hash(name));
  return durations.map((duration) => duration * Math.exp(sigma * gauss(random)));
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const sign of text) state = Math.imul(state ^ sign.codePointAt(0)!, 0x01000193);
  return state;
}

/** Box and Muller 1958. */
function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
