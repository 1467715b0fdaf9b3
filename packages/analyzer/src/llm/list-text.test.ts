import { type Task, taskId } from "@sheaf/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shownList } from "./list-text.ts";

const task = (id: string, more: Partial<Task> = {}): Task => ({ id: taskId(id), ...more });

const many = (count: number, description: string): Task[] =>
  Array.from({ length: count }, (_, i) => task(`t${i}`, { description }));

const charsOf = ({ tasks }: ReturnType<typeof shownList>): number =>
  tasks.reduce((sum, { text }) => sum + text.length, 0);

describe("shownList", () => {
  it("cuts long texts and lists, and passes over inputs that are no JSON", () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const { tasks, fieldChars } = shownList([
      task("a", { description: "x".repeat(9000), reads: ["r".repeat(3000), "s".repeat(3000)] }),
      task("b", { input: circular }),
      task("c", { input: 3n }),
    ]);
    expect(fieldChars).toBe(4000);
    expect(JSON.parse(tasks[0]!.text)).toEqual({
      id: "a",
      description: `${"x".repeat(4000)}...`,
      reads: ["r".repeat(3000), "..."],
    });
    expect(JSON.parse(tasks[0]!.whole).description).toHaveLength(9000);
    expect(tasks[2]!.text).toBe('{"id":"c","input":""}');
  });

  it("cuts all texts harder, and alike, where the list is long", () => {
    const shown = shownList(many(500, "word ".repeat(200)));
    expect(shown.fieldChars).toBe(250);
    expect(shown.tasks).toHaveLength(500);
    expect(new Set(shown.tasks.map(({ text }) => JSON.parse(text).description.length))).toEqual(
      new Set([253]),
    );
    expect(charsOf(shown)).toBeLessThan(160_000);
  });

  it("shows the first tasks alone where even that is too long", () => {
    const shown = shownList(many(200, "word ".repeat(200)), 5000);
    expect(shown.fieldChars).toBe(30);
    expect(shown.tasks.length).toBeGreaterThan(40);
    expect(shown.tasks.length).toBeLessThan(80);
    expect(charsOf(shown)).toBeLessThan(5000);
  });

  it("writes signs that nobody sees as what they are", () => {
    const hidden = "a\u202Eb\u200Bc\u2028d\u{E0041}e\u0007f\u0085g";
    const [shown] = shownList([task("a", { description: hidden })]).tasks;
    expect(shown!.text).toBe(
      '{"id":"a","description":"a\\u202eb\\u200bc\\u2028d\\udb40\\udc41e\\u0007f\\u0085g"}',
    );
    expect(JSON.parse(shown!.text).description).toBe(hidden);
  });

  it("keeps to its length, and every task on a line of its own, for any texts at all", () => {
    const text = fc.string({ unit: "binary", maxLength: 150 });
    const anyTask = fc.record({ description: text, run: text, reads: fc.array(text, { maxLength: 5 }) });
    fc.assert(
      fc.property(fc.array(anyTask, { maxLength: 8 }), fc.integer({ min: 0, max: 6_000 }), (list, most) => {
        const tasks = list.map((more, i) => task(`t${i}`, more));
        const shown = shownList(tasks, most);
        expect(charsOf(shown)).toBeLessThanOrEqual(most);
        for (const [i, { text }] of shown.tasks.entries()) {
          expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          expect(JSON.parse(text).id).toBe(`t${i}`);
        }
      }),
      { numRuns: 15 },
    );
  });
});
