/** The members of a JSON object. */
export type JsonFields = Readonly<Record<string, unknown>>;

/** Returns the value as an object; one without members where it is none. */
export function fieldsOf(value: unknown): JsonFields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonFields) : {};
}

/** Returns the value as a token count, or undefined where it is none. */
export function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** Returns the value as a name, or undefined where it is none. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
