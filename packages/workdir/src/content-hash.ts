import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import pLimit from "p-limit";
import type { Content } from "./tree.ts";

const WHOLE_BELOW_BYTES = 256 * 1024;

// Large files are streamed, a few at a time: hashing is processor work, more at once only thrashes the disk.
const streams = pLimit(4);

async function streamHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Returns the sha256 of a file's bytes in hex. */
export async function fileHash(path: string, size: number): Promise<string> {
  if (size >= WHOLE_BELOW_BYTES) return streams(() => streamHash(path));
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Returns the sha256 of content, computing it the first time. */
export async function contentHash(content: Content): Promise<string> {
  content.hash ??= await fileHash(content.path, content.size);
  return content.hash;
}
