// Plain data that tells when it is not what was written.
import { createHash } from "node:crypto";

const HEAD = /^\{"sha256":"([0-9a-f]{64})","of":/;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Returns plain data as JSON with a checksum over it. */
export function withChecksum(value: unknown): string {
  const text = JSON.stringify(value);
  return `{"sha256":"${sha256(text)}","of":${text}}\n`;
}

/** Returns what `withChecksum` made JSON of, or `undefined` when a single character of it has changed. */
export function fromChecksummed(text: string): unknown {
  const head = HEAD.exec(text);
  if (head === null || !text.endsWith("}\n")) return undefined;
  const of = text.slice(head[0].length, -2);
  return sha256(of) === head[1] ? JSON.parse(of) : undefined;
}
