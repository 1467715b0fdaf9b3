import { describe, expect, it } from "vitest";
import { readReply } from "./read-reply.ts";

const record = (task: number): string =>
  `{"task":${task},"needs":[{"evidence":"{x","on":1,"type":"data","p":1}]}`;
const WHOLE = `{"tasks":[${[2, 3, 4].map(record).join(",")}]}`;

const tasksOf = (text: string): number[] => readReply(text).records.map(({ task }) => task);

describe("readReply", () => {
  it("reads a whole answer", () => {
    expect(readReply(`\n${WHOLE}\n`)).toMatchObject({ isCut: false, isWrapped: false, unreadable: 0 });
    expect(tasksOf(WHOLE)).toEqual([2, 3, 4]);
  });

  it.each([`Here:\n${WHOLE}`, `\`\`\`json\n${WHOLE}\n\`\`\``, `${WHOLE} Good luck!`])(
    "sees what is wrapped round an answer: %s",
    (text) => {
      expect(readReply(text)).toMatchObject({ isCut: false, isWrapped: true });
      expect(tasksOf(text)).toEqual([2, 3, 4]);
    },
  );

  it("finds the records that are whole, wherever the answer is cut", () => {
    const ends = [2, 3, 4].map((task) => WHOLE.indexOf(record(task)) + record(task).length);
    for (let at = 0; at < WHOLE.length; at++) {
      const whole = [2, 3, 4].filter((_, i) => at >= ends[i]!);
      if (whole.length === 0) expect(() => readReply(WHOLE.slice(0, at))).toThrow("cannot be used");
      else {
        expect(tasksOf(WHOLE.slice(0, at))).toEqual(whole);
        expect(readReply(WHOLE.slice(0, at))).toMatchObject({ isCut: true, unreadable: 0 });
      }
    }
  });

  it("reads as many records as a question asks for out of a cut answer", () => {
    const many = Array.from({ length: 45 }, (_, i) => record(i + 2));
    expect(tasksOf(`{"tasks":[${many.join(",")},{"task":`)).toHaveLength(45);
  });

  it("takes nothing else for records", () => {
    for (const text of ["", "no", '{"edges":[[1,2]]}', '{"a":[{"task":"x","needs":[]},', "[1]"]) {
      expect(() => readReply(text)).toThrow("cannot be used");
    }
  });
});
