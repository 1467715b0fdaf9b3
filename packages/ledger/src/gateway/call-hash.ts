import { createHash } from "node:crypto";
import type { CallPath } from "./call-path.ts";

/**
 * Returns one hash over what a client asks for: method, URL behind the base URL it was given, and body. JSON bodies
 * that differ in the order of members or in blanks alone are the same.
 */
export function callHash(method: string, { style, origin, rest, query }: CallPath, body: Buffer): string {
  const url = `${origin ?? style}${rest.replace(/^\/v1(?=\/)/, "")}${query}`;
  return createHash("sha256").update(`${method} ${url}\n`).update(canonical(body)).digest("hex");
}

function canonical(body: Buffer): string | Buffer {
  try {
    return JSON.stringify(JSON.parse(body.toString()), (_name, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value) ? sorted(value) : value,
    );
  } catch {
    return body;
  }
}

// Without a prototype, so that a member may be called `__proto__`.
const sorted = (value: object): object =>
  Object.assign(
    Object.create(null),
    Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
