import { ERROR_CODES, type ErrorCode, SheafError, show } from "./errors.ts";

/**
 * An error as plain data. A class thrown in a worker arrives as a bare `Error` without name, code or fields,
 * so errors cross every boundary in this form.
 */
export interface WireError {
  /** Class name of the error, or `NonError` when something else was thrown. */
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  /** The error's other own fields, as far as JSON can hold them. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: WireError;
  /** What an AggregateError gathers. */
  readonly errors?: readonly WireError[];
}

const MAX_DEPTH = 8;
const MAX_ERRORS = 100;
const OWN = new Set(["name", "message", "stack", "code", "cause", "errors"]);

function jsonCopy(value: unknown): unknown {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined; // a cycle or a bigint: the field is left out, the error itself still crosses
  }
}

function ownFields(error: object): Record<string, unknown> | undefined {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (OWN.has(key)) continue;
    const copy = jsonCopy((error as Record<string, unknown>)[key]);
    if (copy !== undefined) fields[key] = copy;
  }
  return Object.keys(fields).length === 0 ? undefined : fields;
}

const text = (value: unknown): string => (typeof value === "string" ? value : show(value));

/** Turns anything thrown into plain data that structured clone and JSON can carry. Never throws. */
export function toWireError(thrown: unknown, depth = 0): WireError {
  try {
    return encode(thrown, depth);
  } catch (problem) {
    return { name: "NonError", message: `An error that cannot be read was thrown (${String(problem)})` };
  }
}

function encode(thrown: unknown, depth: number): WireError {
  if (!(thrown instanceof Error) && !looksLikeError(thrown)) {
    return { name: "NonError", message: `Something that is not an Error was thrown: ${show(thrown)}` };
  }
  const error = thrown as Error & { code?: unknown; errors?: unknown };
  const { code, cause, errors } = error;
  const fields = ownFields(error);
  return {
    name: text(error.name),
    message: text(error.message),
    ...(typeof error.stack === "string" ? { stack: error.stack } : {}),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(fields === undefined ? {} : { fields }),
    ...(cause === undefined || depth >= MAX_DEPTH ? {} : { cause: toWireError(cause, depth + 1) }),
    ...(Array.isArray(errors) && depth < MAX_DEPTH
      ? { errors: errors.slice(0, MAX_ERRORS).map((e) => toWireError(e, depth + 1)) }
      : {}),
  };
}

// Errors of another realm (vm contexts) are no instanceof Error.
function looksLikeError(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && "message" in thrown && "stack" in thrown;
}

/**
 * Returns an Error that carries what `wire` carries: name, message, stack, code, fields, cause.
 * A SheafError comes back as a SheafError; other classes as `Error` under their own name.
 */
export function fromWireError(wire: WireError): Error {
  const options = wire.cause === undefined ? undefined : { cause: fromWireError(wire.cause) };
  const error = restore(wire, options);
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

function restore(wire: WireError, options: ErrorOptions | undefined): Error {
  const code = wire.code as ErrorCode;
  if (wire.name === "SheafError" && ERROR_CODES.includes(code)) {
    return new SheafError(code, wire.fields?.details as never, options);
  }
  const error =
    wire.errors === undefined
      ? new Error(wire.message, options)
      : new AggregateError(wire.errors.map(fromWireError), wire.message, options);
  Object.defineProperty(error, "name", { value: wire.name, enumerable: false, configurable: true });
  if (wire.code !== undefined) Object.assign(error, { code: wire.code });
  for (const [key, value] of Object.entries(wire.fields ?? {})) {
    Object.defineProperty(error, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return error;
}
