import { type RunEvent, runId, taskId } from "@sheaf/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeEvent } from "./encode-event.ts";

const stamp = { seq: 0, at: 1, runId: runId("r") };
const withFields = (fields: Record<string, unknown>): RunEvent => ({
  ...stamp,
  type: "task.failed",
  taskId: taskId("a"),
  attempt: 1,
  failure: { kind: "agent", error: { name: "Error", message: "no", fields } },
});
const fieldsOf = (line: string): unknown => JSON.parse(line).failure.error.fields;

describe("encodeEvent", () => {
  it("gives one line of JSON and the event itself", () => {
    const event = withFields({ text: "two\nlines", when: new Date(0) });
    const encoded = encodeEvent(event);
    expect(encoded.event).toBe(event);
    expect(encoded.line).toBe(JSON.stringify(event));
    expect(encoded.line).not.toContain("\n");
  });

  it("writes numbers that are not finite as null", () => {
    const { line } = encodeEvent(withFields({ nan: Number.NaN, most: Number.POSITIVE_INFINITY }));
    expect(fieldsOf(line)).toEqual({ nan: null, most: null });
  });

  it("says in a text what JSON cannot hold, and keeps the rest as it is", () => {
    const cyclic: Record<string, unknown> = { name: "loop", when: new Date(0) };
    cyclic.self = [cyclic];
    const broken = {
      get value(): unknown {
        throw new Error("unreadable on purpose");
      },
    };
    const { line, event } = encodeEvent(withFields({ big: 5n, cyclic, broken, kept: { deep: [1] } }));
    expect(fieldsOf(line)).toEqual({
      big: "5n",
      cyclic: { name: "loop", when: "1970-01-01T00:00:00.000Z", self: ["[circular]"] },
      broken: { value: "[unreadable]" },
      kept: { deep: [1] },
    });
    expect(event).toEqual(JSON.parse(line));
  });

  it("survives any nesting", () => {
    let deep: unknown = 1n;
    for (let i = 0; i < 100_000; i++) deep = { deep };
    expect(encodeEvent(withFields({ deep })).line).toContain("[too deep]");
  });

  it("never throws, whatever the fields hold", () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), anything), (fields) => {
        const { line, event } = encodeEvent(withFields(fields));
        expect(JSON.parse(line).seq).toBe(0);
        expect(JSON.stringify(event)).toBe(line);
      }),
    );
  });
});
