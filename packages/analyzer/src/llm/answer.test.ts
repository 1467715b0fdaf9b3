import { describe, expect, it } from "vitest";
import { ANSWER_SCHEMA, readAnswer } from "./answer.ts";

const RECORD = { task: 2, needs: [{ evidence: "the table", on: 1, type: "data", p: 0.9 }] };

describe("readAnswer", () => {
  it("reads records, numbers as text included", () => {
    const text = JSON.stringify({ tasks: [RECORD, { task: "3", needs: [{ ...RECORD.needs[0], on: "2" }] }] });
    expect(readAnswer(text)).toEqual({
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
    expect(readAnswer(JSON.stringify({ tasks }))).toEqual({
      records: [{ task: 2, needs: [{ on: 1, type: "logic", evidence: "", p: 0.5 }] }],
      unreadable: 3,
    });
  });

  it("passes over objects that are no answer", () => {
    expect(readAnswer(`First {"plan": 1}, then {"tasks": []}`).records).toEqual([]);
  });

  it("refuses a text without an answer", () => {
    expect(() => readAnswer("I cannot do that.")).toThrow("it holds no JSON object");
    expect(() => readAnswer('{"tasks": "none"}')).toThrow("it holds no list of `tasks`");
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
