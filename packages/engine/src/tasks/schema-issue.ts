import { describeType, show } from "@sheaf/core";
import type { z } from "zod";
import { isNear } from "../config/read-settings.ts";

/** One thing that is wrong with data that a schema describes. */
export interface SchemaIssue {
  /** Keys that lead to it; empty for the whole. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  /** What is there, in words. */
  readonly got: string;
  /** What is there. */
  readonly value: unknown;
  /** The path ends with a key that may not be there. */
  readonly unknownKey: boolean;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function got(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value) && value.length === 0) return "an empty list";
  return typeof value === "object" && value !== null ? describeType(value) : show(value);
}

/** Turns what zod found into expected and got. `known` are the keys that are allowed where a key is not. */
export function schemaIssues(
  error: z.ZodError,
  data: unknown,
  knownKeys: (path: readonly PropertyKey[]) => readonly string[],
): readonly SchemaIssue[] {
  return error.issues.flatMap((issue): readonly SchemaIssue[] => {
    const path = issue.path as (string | number)[];
    if (issue.code !== "unrecognized_keys") {
      const value = valueAt(data, path);
      return [{ path, expected: issue.message, got: got(value), value, unknownKey: false }];
    }
    const known = knownKeys(path);
    return issue.keys.map((key) => {
      const near = known.find((other) => isNear(key, other));
      const expected = near === undefined ? `one of ${known.join(", ")}` : `"${near}"`;
      const value = valueAt(data, [...path, key]);
      return { path: [...path, key], expected, got: `the unknown key "${key}"`, value, unknownKey: true };
    });
  });
}
