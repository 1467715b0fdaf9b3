/** Returns the first few names and how many more there are, `a, b, c, d, e and 2 more`. */
export function nameSome(names: readonly string[], most = 5): string {
  const more = names.length - most;
  const first = names.slice(0, most).join(", ");
  return more > 0 ? `${first} and ${more} more` : first;
}
