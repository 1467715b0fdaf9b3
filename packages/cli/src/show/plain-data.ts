const MOST_DEPTH = 500;

/**
 * Returns a copy of data that JSON can hold. Outputs may be anything that structured clone copies: a Map becomes an
 * object (a list of pairs unless all its keys are texts), a Set a list, a Date its ISO text, a bigint its digits,
 * bytes their base64, a number that is not finite null, and a value inside of itself the text "[circular]".
 */
export function plainData(value: unknown, above: readonly unknown[] = []): unknown {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? value : null;
    case "bigint":
      return String(value);
    case "undefined":
    case "function":
    case "symbol":
      return null;
    case "object":
      return value === null ? null : plainObject(value, above);
    default:
      return value;
  }
}

function plainObject(value: object, above: readonly unknown[]): unknown {
  if (above.includes(value)) return "[circular]";
  if (above.length >= MOST_DEPTH) return "[too deep]";
  const within = [...above, value];
  const copy = (item: unknown): unknown => plainData(item, within);
  if (Array.isArray(value)) return Array.from(value, copy);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map) return plainMap(value, copy);
  if (value instanceof Set) return [...value].map(copy);
  if (value instanceof RegExp) return String(value);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof Number || value instanceof String || value instanceof Boolean)
    return copy(value.valueOf());
  const bytes = bytesOf(value);
  if (bytes !== null) return bytes.toString("base64");
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, copy);
  return plainRecord(Object.entries(value), copy);
}

function plainMap(map: ReadonlyMap<unknown, unknown>, copy: (item: unknown) => unknown): unknown {
  const entries = [...map];
  if (entries.every(([key]) => typeof key === "string"))
    return plainRecord(entries as [string, unknown][], copy);
  return entries.map(([key, item]) => [copy(key), copy(item)]);
}

// Without a prototype, so that a key "__proto__" is one like any other.
function plainRecord(
  entries: readonly (readonly [string, unknown])[],
  copy: (item: unknown) => unknown,
): unknown {
  const record = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of entries) if (typeof item !== "function") record[key] = copy(item);
  return record;
}

function bytesOf(value: object): Buffer | null {
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value);
  if (value instanceof Uint8Array || value instanceof DataView || value instanceof Uint8ClampedArray) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return null;
}
