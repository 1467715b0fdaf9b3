import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANSWER_SCHEMA, type AnswerRecord, answerReader, readAnswer } from "./answer.ts";

const RECORD = { task: 2, needs: [{ evidence: "the table", on: 1, type: "data", p: 0.9 }] };

describe("readAnswer", () => {
  it("reads records, numbers as text included", () => {
    const text = JSON.stringify({ tasks: [RECORD, { task: "3", needs: [{ ...RECORD.needs[0], on: "2" }] }] });
    expect(readAnswer(text)).toMatchObject({
      records: [RECORD, { task: 3, needs: [{ ...RECORD.needs[0], on: 2 }] }],
      unreadable: 0,
    });
  });

  it("fills in what a need may lack, but not what it is about", () => {
    const tasks = [
      { task: 2, needs: [{ on: 1, p: "high", type: 7 }] },
      { task: 3, needs: [{ on: "the first" }] },
      { task: 4 },
      "five",
    ];
    expect(readAnswer(JSON.stringify({ tasks }))).toMatchObject({
      records: [{ task: 2, needs: [{ on: 1, type: "logic", evidence: "", p: 0.5 }] }],
      unreadable: 3,
    });
  });

  it("passes over objects that are no answer", () => {
    expect(readAnswer(`First {"plan": 1}, then {"tasks": []}`).records).toEqual([]);
  });

  const record = (task: number): string =>
    `{"task":${task},"needs":[{"evidence":"{x","on":1,"type":"data","p":1}]}`;
  const WHOLE = `{"tasks":[${[2, 3, 4].map(record).join(",")}]}`;
  const tasksOf = (text: string): number[] => readAnswer(text).records.map(({ task }) => task);

  it("reads the records that are whole, wherever the answer is cut", () => {
    expect(readAnswer(`\n${WHOLE}\n`)).toMatchObject({ isCut: false, isWrapped: false, unreadable: 0 });
    const ends = [2, 3, 4].map((task) => WHOLE.indexOf(record(task)) + record(task).length);
    for (let at = WHOLE.indexOf("[") + 1; at < WHOLE.length - 1; at++) {
      const text = WHOLE.slice(0, at);
      expect(tasksOf(text)).toEqual([2, 3, 4].filter((_, i) => at >= ends[i]!));
      expect(readAnswer(text)).toMatchObject({ isCut: true, isWrapped: false, unreadable: 0 });
    }
  });

  it.each([`Here:\n${WHOLE}`, `\`\`\`json\n${WHOLE}\n\`\`\``, `${WHOLE} Good luck!`])(
    "sees what is wrapped round an answer: %s",
    (text) => {
      expect(readAnswer(text)).toMatchObject({ isCut: false, isWrapped: true });
      expect(tasksOf(text)).toEqual([2, 3, 4]);
    },
  );

  it("refuses a text without an answer", () => {
    expect(() => readAnswer("I cannot do that.")).toThrow("it holds no JSON object");
    expect(() => readAnswer('{"tasks": "none"}')).toThrow("it holds no list of `tasks`");
  });
});

/** Texts of an answer as models write them, with the records that are in them. */
const ANSWERS: fc.Arbitrary<{ text: string; records: AnswerRecord[] }> = fc
  .record({
    records: fc.array(
      fc.record({
        task: fc.nat(),
        needs: fc.array(
          fc.record({
            evidence: fc.oneof(fc.string(), fc.constantFrom('"tasks":[{', "}]}", '\\"', "ä€𝄞", "[,]")),
            on: fc.nat(),
            type: fc.string(),
            p: fc.double({ noNaN: true, noDefaultInfinity: true }),
          }),
        ),
      }),
    ),
    before: fc.constantFrom("", "Sure:\n```json\n", '{thinking about "tasks" } ', '<think>{["</think>'),
    after: fc.constantFrom("", "\n```\nDone.", '{"tasks":[1]}', "]}"),
    space: fc.constantFrom(0, 1, 2),
  })
  .map(({ records, before, after, space }) => {
    // What JSON cannot tell (-0) is not to be compared.
    const plain = JSON.parse(JSON.stringify(records)) as AnswerRecord[];
    return { records: plain, text: before + JSON.stringify({ tasks: records }, null, space) + after };
  });

/** A text in pieces, cut anywhere, in the middle of characters too. */
const piecesOf = (text: string, cuts: readonly number[]): string[] => {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((end, i) => text.slice(places[i], end));
};

describe("answerReader", () => {
  it("gives out a record as soon as it closes", () => {
    const reader = answerReader();
    const text = JSON.stringify({ tasks: [RECORD] });
    expect(reader.push(text.slice(0, -3))).toEqual([]);
    expect(reader.push("}")).toEqual([RECORD]);
    expect(reader.push("]}")).toEqual([]);
  });

  it("finds the records that were written, whatever stands around them and wherever it is cut", () => {
    fc.assert(
      fc.property(ANSWERS, fc.array(fc.nat()), ({ text, records }, cuts) => {
        const reader = answerReader();
        expect(piecesOf(text, cuts).flatMap((piece) => reader.push(piece))).toEqual(records);
        expect(readAnswer(text)).toMatchObject({ records, unreadable: reader.unreadable });
      }),
      cases({ ci: 300, deep: 100_000 }),
    );
  });

  it("finds the same in pieces as in the whole, in any text at all", () => {
    const signs = fc.array(
      fc.constantFrom(
        '{"tasks":',
        "[",
        "]",
        "{",
        "}",
        '"',
        "\\",
        ",",
        ":",
        " ",
        "1",
        '"tasks"',
        '{"task":2,"needs":[]}',
      ),
    );
    fc.assert(
      fc.property(signs, fc.array(fc.nat()), (parts, cuts) => {
        const text = parts.join("");
        const whole = answerReader();
        const records = whole.push(text);
        const reader = answerReader();
        expect(piecesOf(text, cuts).flatMap((piece) => reader.push(piece))).toEqual(records);
        expect([reader.unreadable, reader.found]).toEqual([whole.unreadable, whole.found]);
      }),
      cases({ ci: 500, deep: 100_000 }),
    );
  });

  it("takes time that grows with the text, not with its square", () => {
    const hostile = [
      '{"tasks":['.repeat(100_000),
      '"'.repeat(1_000_000),
      `{"tasks":["${"{".repeat(1_000_000)}`,
    ];
    for (const text of hostile) {
      const reader = answerReader();
      const start = performance.now();
      for (let i = 0; i < text.length; i += 100) reader.push(text.slice(i, i + 100));
      expect(performance.now() - start).toBeLessThan(2000);
    }
  });
});

describe("ANSWER_SCHEMA", () => {
  it("requires every field, allows no other, and bounds nothing, as strict servers ask", () => {
    const text = JSON.stringify(ANSWER_SCHEMA);
    expect(text.match(/"type":"object"/g)).toHaveLength(3);
    expect(text.match(/"additionalProperties":false/g)).toHaveLength(3);
    expect(text).toContain('"required":["evidence","on","type","p"]');
    expect(text).not.toMatch(/minimum|maximum|maxItems|pattern/);
  });
});
