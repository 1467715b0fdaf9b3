import type { Case } from "../observed/compare.ts";

/** A case and a number of changes after which going on with it once came out wrong. */
export interface HardCase {
  readonly why: string;
  readonly changes: number;
  readonly each: Case;
}

export const HARD_CASES: readonly HardCase[] = [
  {
    why: "an attempt was found doomed just when its turn came",
    changes: 45,
    each: {
      files: { a: "0", "d/b": "1", "f/x": "1", "f/y": "1" },
      programs: [
        {
          id: "t0",
          steps: [
            { op: "list", path: "" },
            { op: "stat", path: "a" },
            { op: "exists", path: "d/b" },
            { op: "read", path: "f/y" },
          ],
        },
        {
          id: "t1",
          steps: [
            { op: "list", path: "" },
            { op: "list", path: "" },
            { op: "mkdir", path: "d/e", recursive: false },
          ],
        },
        {
          id: "t2",
          steps: [
            { op: "mkdir", path: "f", recursive: true },
            { op: "empty", path: "d/e" },
          ],
        },
      ],
      mode: "parallel",
      policies: {},
      maxWorkers: 6,
      pauses: [2, 2, 0, 2, 4, 4, 2, 0, 5, 1, 3, 5, 2, 5, 4, 0, 4, 2, 0, 0, 4, 5, 1, 5, 1, 2, 1, 5, 2, 1, 0],
      learnedFrom: [
        {
          id: "t0",
          steps: [
            { op: "read", path: "f/x" },
            { op: "read", path: "b" },
            { op: "symlink", path: "d/b", target: "gone" },
            { op: "symlink", path: "f/x", target: "x" },
            { op: "create", path: "d/a", text: "1" },
            { op: "symlink", path: "b", target: "d/a" },
          ],
        },
      ],
      needs: new Map([
        ["t0", []],
        ["t1", []],
        ["t2", []],
      ]),
    },
  },
];
