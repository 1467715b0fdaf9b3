import { BadInput } from "./bad-input.ts";

/**
 * Returns what `parse` makes of a command line.
 *
 * @throws BadInput with what it has thrown, and the usage
 */
export function orUsage<T>(usage: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new BadInput(`${error instanceof Error ? error.message : String(error)} (${usage})`);
  }
}
