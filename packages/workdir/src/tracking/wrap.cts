// Puts watching functions in the place of others, unrecognisable but for their identity.
const { promisify } = require("node:util") as typeof import("node:util");

// Anything that can be called; what it takes and returns is passed on as it is.
export type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** Is told of the arguments before the call. Must not throw. */
export type Before = (args: readonly unknown[]) => void;

/** Calls the original and returns what it returned. */
export type Around = (call: (args: unknown[]) => unknown, args: unknown[]) => unknown;

export interface Watcher {
  /** Calls pass without being watched while this is not active. */
  readonly during: { readonly active: boolean };
  readonly before: Before;
  readonly around?: Around;
}

export interface WrapModule {
  wrapped(original: Callable, watcher: Watcher): Callable;
  /** Replaces `owner[name]` if it is a function. */
  wrapAt(owner: object, name: string, watcher: Watcher): void;
}

/** Own properties that are other ways to call the same function. */
const WAYS: ReadonlySet<PropertyKey> = new Set<PropertyKey>(["native", promisify.custom]);

function wrapped(original: Callable, watcher: Watcher): Callable {
  const replacement = replacementFor(original, watcher);
  for (const key of Reflect.ownKeys(original)) {
    if (key === "prototype") continue;
    const property = Object.getOwnPropertyDescriptor(original, key)!;
    if (WAYS.has(key) && typeof property.value === "function") {
      const itself = property.value === original;
      property.value = itself ? replacement : wrapped(property.value as Callable, watcher);
    }
    Object.defineProperty(replacement, key, property);
  }
  return replacement;
}

function replacementFor(original: Callable, { during, before, around }: Watcher): Callable {
  if (around === undefined) {
    return function (this: unknown, ...args) {
      if (during.active) before(args);
      return Reflect.apply(original, this, args);
    };
  }
  return function (this: unknown, ...args) {
    if (!during.active) return Reflect.apply(original, this, args);
    before(args);
    return around((passed) => Reflect.apply(original, this, passed), args);
  };
}

function wrapAt(owner: object, name: string, watcher: Watcher): void {
  const table = owner as Record<string, unknown>;
  const original = table[name];
  if (typeof original === "function") table[name] = wrapped(original as Callable, watcher);
}

module.exports = { wrapped, wrapAt } satisfies WrapModule;
