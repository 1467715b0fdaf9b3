/** What a picture, a sound or a file in base64 counts as, in bytes of text: some thousand tokens. */
const ATTACHMENT_BYTES = 4_000;

/** Bytes of text that count as one token: right within some ten percent for English. */
const BYTES_A_TOKEN = 4;

/** Returns about how many tokens so many bytes of text are. */
export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_A_TOKEN);
}

/**
 * Returns the bytes of all text in a JSON value, names of members included; a number counts as one token, as in lists
 * of tokens.
 */
export function textSize(value: unknown): number {
  let bytes = 0;
  // A list of what is still to be looked at, since a hostile body may be nested deeper than the stack is.
  const open: unknown[] = [value];
  while (open.length > 0) {
    const item = open.pop();
    if (typeof item === "string") bytes += sizeOf(item);
    else if (typeof item === "number") bytes += BYTES_A_TOKEN;
    else if (Array.isArray(item)) for (const each of item) open.push(each);
    else if (typeof item === "object" && item !== null) {
      for (const [name, each] of Object.entries(item)) {
        bytes += name.length;
        open.push(each);
      }
    }
  }
  return bytes;
}

const BASE64 = /^[\w+/=-]{1000}/;

function sizeOf(text: string): number {
  const isAttachment = text.startsWith("data:") || BASE64.test(text);
  return isAttachment ? Math.min(text.length, ATTACHMENT_BYTES) : Buffer.byteLength(text);
}
