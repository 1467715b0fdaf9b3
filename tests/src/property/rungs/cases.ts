// Random lists of real programs. Frozen: see ../frozen.test.ts.
import type { Files } from "@sheaf/testkit";
import fc from "fast-check";
import { type Needs, needsOf } from "../observed/edges.ts";
import { fewPrograms, type Program, startFiles } from "../observed/step.ts";

/** What does a program: a script of a shell, of Python, of Node, or an agent in a process. */
type Language = "sh" | "python" | "node" | "agent";

export interface RealProgram extends Program {
  readonly language: Language;
  /** Waited before the first step. */
  readonly delayMs: number;
  /** The task declares what it writes, so that views of it may hold hard links. */
  readonly declares: boolean;
}

export interface RungCase {
  readonly files: Files;
  readonly programs: readonly RealProgram[];
  /** What each task declares to depend on: edges dropped, added and turned round. */
  readonly needs: Needs;
  readonly maxWorkers: number;
}

const place = fc.nat(4);

const how = fc.record({
  language: fc.constantFrom<Language>("sh", "sh", "sh", "sh", "python", "python", "node", "agent"),
  delayMs: fc.constantFrom(0, 0, 0, 20, 60),
  declares: fc.boolean(),
});

/** Up to five programs in several languages, with any edges between them. */
export const rungCase: fc.Arbitrary<RungCase> = fc
  .record({
    files: startFiles,
    programs: fewPrograms,
    how: fc.array(how, { minLength: 5, maxLength: 5 }),
    pairs: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.tuple(place, place), { maxLength: 3 }) },
    ),
    maxWorkers: fc.integer({ min: 2, max: 4 }),
  })
  .map(({ files, programs, how, pairs, maxWorkers }) => {
    const ids = programs.map(({ id }) => id);
    return {
      ...{ files, maxWorkers, needs: needsOf(ids, pairs) },
      programs: programs.map((program, i) => ({ ...program, ...how[i]! })),
    };
  });

/** Lists of shell scripts alone. */
export const shellCase: fc.Arbitrary<RungCase> = rungCase.map((each) => ({
  ...each,
  programs: each.programs.map((program) => ({ ...program, language: "sh" as const })),
}));
