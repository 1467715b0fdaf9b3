/** Deepest nesting of data that is handed around: code that walks data may be recursive up to here. */
export const MAX_DATA_DEPTH = 500;

interface Walk {
  /** The objects around the present one. */
  readonly above: Set<object>;
  /** Levels of the objects that were walked, themselves included. */
  readonly heights: Map<object, number>;
}

/**
 * Tells why data cannot be walked, or `undefined` when it can: it holds itself, or it is nested too deeply. One object
 * in two places is no problem.
 *
 * @example dataProblem({ rows: [1, 2] }) // undefined
 */
export function dataProblem(value: unknown): string | undefined {
  const found = heightOf(value, { above: new Set(), heights: new Map() });
  return typeof found === "string" ? found : undefined;
}

function heightOf(value: unknown, walk: Walk): number | string {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 0;
  const { above, heights } = walk;
  if (above.has(value)) return "it holds itself";
  const known = heights.get(value);
  if (above.size + (known ?? 1) > MAX_DATA_DEPTH)
    return `it is nested more than ${MAX_DATA_DEPTH} levels deep`;
  if (known !== undefined) return known;
  above.add(value);
  let height = 1;
  for (const item of itemsOf(value)) {
    const below = heightOf(item, walk);
    if (typeof below === "string") return below;
    height = Math.max(height, below + 1);
  }
  above.delete(value);
  heights.set(value, height);
  return height;
}

function itemsOf(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return value instanceof Set ? [...value] : Object.values(value);
}
