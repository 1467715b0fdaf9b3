import { type AttemptInputs, dataHash, decodeData, SheafError, type TakenInput } from "@sheaf/core";

/** The outputs of earlier tasks as an agent sees them, and what it took. */
export interface InputProxy {
  readonly inputs: Readonly<Record<string, unknown>>;
  taken(): readonly TakenInput[];
}

/**
 * Returns `ctx.inputs` for one attempt: reading a key takes that output, and is recorded with the hash of its value.
 * Each attempt gets copies of its own, the same one each time it reads a key.
 *
 * Reading the output of an earlier task that has none throws INPUT_NOT_READY; other keys are undefined.
 */
export function inputProxy(
  taskId: string,
  source: Pick<AttemptInputs, "isBefore" | "output" | "likely">,
): InputProxy {
  const values = new Map<string, unknown>();
  const taken = new Map<string, string | null>();
  const take = (from: string): unknown => {
    if (values.has(from)) return values.get(from);
    if (!source.isBefore(from)) return undefined;
    const bytes = source.output(from);
    taken.set(from, bytes === undefined ? null : dataHash(bytes));
    if (bytes === undefined) throw new SheafError("INPUT_NOT_READY", { taskId, from });
    const value = decodeData(bytes);
    values.set(from, value);
    return value;
  };
  const keys = (): string[] => source.likely.filter((id) => source.output(id) !== undefined);
  const inputs = new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_target, key) => (typeof key === "string" ? take(key) : undefined),
    has: (_target, key) => typeof key === "string" && source.isBefore(key),
    ownKeys: keys,
    getOwnPropertyDescriptor: (_target, key) =>
      typeof key === "string" && keys().includes(key)
        ? { value: take(key), enumerable: true, configurable: true, writable: false }
        : undefined,
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
  return { inputs, taken: () => Array.from(taken, ([from, hash]) => ({ from, hash })) };
}
