import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { SheafError } from "./errors.ts";

/**
 * Returns `value` in the form in which outputs are kept and sent: structured clone as bytes.
 *
 * @throws SheafError OUTPUT_NOT_DATA when `value` holds a function, a promise or anything else that cannot be copied.
 */
export function encodeData(value: unknown, taskId: string): Uint8Array {
  try {
    // serialize() turns a promise, a proxy or a class instance's methods into nothing; structuredClone refuses them.
    return serialize(structuredClone(value));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new SheafError("OUTPUT_NOT_DATA", { taskId, problem }, { cause: error });
  }
}

/** Returns a fresh copy of what `encodeData` was given. */
export function decodeData(bytes: Uint8Array): unknown {
  return deserialize(bytes);
}

/** Returns the sha256 of the bytes, in hex. */
export function dataHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Says what a value is without telling its contents: "object with 2 keys: mean, sd". */
export function describeData(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name} of ${value.size}`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.byteLength} bytes`;
  if (typeof value !== "object") return typeof value;
  const keys = Object.keys(value);
  if (keys.length === 0) return "empty object";
  const shown = keys.slice(0, 5).join(", ");
  const rest = keys.length > 5 ? ` and ${keys.length - 5} more` : "";
  return `object with ${keys.length} ${keys.length === 1 ? "key" : "keys"}: ${shown}${rest}`;
}
