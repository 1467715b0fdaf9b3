import { BadInput } from "./bad-input.ts";

/**
 * Returns the number that an option of a command line was given.
 *
 * @throws BadInput
 */
export function wholeNumber(option: string, text: string, least: number): number {
  if (/^\d{1,9}$/.test(text.trim()) && Number(text) >= least) return Number(text);
  throw new BadInput(`expected ${option} to be an integer >= ${least}, got ${JSON.stringify(text)}`);
}
