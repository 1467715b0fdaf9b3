/**
 * Returns a number with its noun.
 *
 * @example counted(2, "task") // "2 tasks"
 */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Shows a whole number with its thousands apart. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}
