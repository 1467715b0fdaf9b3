import { type AttemptInputs, dataHash, decodeData, SheafError, type TakenInput } from "@sheaf/core";

/** The outputs of earlier tasks as an agent sees them, and what it took. */
export interface InputProxy {
  readonly inputs: Readonly<Record<string, unknown>>;
  taken(): readonly TakenInput[];
}

/**
 * Returns `ctx.inputs` for one attempt: reading a key takes that output, and is recorded with the hash of its value.
 * Each attempt gets copies of its own, the same one each time it reads a key. What it has once seen of a task, an
 * output or that there is none, it sees to its end.
 *
 * Reading the output of an earlier task that has none throws INPUT_NOT_READY; other keys are undefined. Asking whether
 * a key is there is recorded like reading it; listing the keys, like asking for each earlier task.
 */
export function inputProxy(
  taskId: string,
  source: Pick<AttemptInputs, "isBefore" | "before" | "output">,
): InputProxy {
  const seen = new Map<string, { readonly bytes: Uint8Array | undefined; readonly hash: string | null }>();
  const values = new Map<string, unknown>();
  const look = (from: string): Uint8Array | undefined => {
    let found = seen.get(from);
    if (found === undefined) {
      const bytes = source.output(from);
      found = { bytes, hash: bytes === undefined ? null : dataHash(bytes) };
      seen.set(from, found);
    }
    return found.bytes;
  };
  const take = (from: string): unknown => {
    if (values.has(from)) return values.get(from);
    if (!source.isBefore(from)) return undefined;
    const bytes = look(from);
    if (bytes === undefined) throw new SheafError("INPUT_NOT_READY", { taskId, from });
    const value = decodeData(bytes);
    values.set(from, value);
    return value;
  };
  const has = (key: string | symbol): key is string =>
    typeof key === "string" && source.isBefore(key) && look(key) !== undefined;
  const inputs = new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_target, key) => (typeof key === "string" ? take(key) : undefined),
    has: (_target, key) => has(key),
    ownKeys: () => source.before().filter(has),
    getOwnPropertyDescriptor: (_target, key) =>
      has(key) ? { value: take(key), enumerable: true, configurable: true, writable: false } : undefined,
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
  return { inputs, taken: () => Array.from(seen, ([from, { hash }]) => ({ from, hash })) };
}
