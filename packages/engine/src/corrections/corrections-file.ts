// The corrections of a directory: a text for people, `edges.txt` in the state folder. Hints, as all edges are.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Corrections } from "@sheaf/analyzer";
import { SheafError } from "@sheaf/core";
import { contraryOf, readStatements, type Statement, sayStatement } from "./statement.ts";

const HEAD = `# What was corrected of the dependencies in this directory, by sheaf plan --edit.
# It holds for every list that has these tasks, by their ids, whatever their words are.
`;

/** Corrections as they are kept. */
export interface KeptCorrections {
  readonly statements: readonly Statement[];
  /** Lines that cannot be read, or why the file cannot. They count for nothing. */
  readonly problems: readonly string[];
}

/** A change of what is kept. */
export interface CorrectionsChange {
  readonly added: readonly Statement[];
  readonly removed: readonly Statement[];
}

/** Returns the path of the file in a state folder. */
export const correctionsFile = (stateDir: string): string => join(stateDir, "edges.txt");

/** Reads the corrections in a state folder, none where that is null. Never throws. */
export function readCorrections(stateDir: string | null): KeptCorrections {
  if (stateDir === null) return { statements: [], problems: [] };
  const file = correctionsFile(stateDir);
  try {
    const { statements, problems } = readStatements(readFileSync(file, "utf8"), file);
    return { statements: Array.from(statements.values(), ({ statement }) => statement), problems };
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return {
      statements: [],
      problems: code === "ENOENT" ? [] : [`${file} cannot be read (${code || message}).`],
    };
  }
}

/**
 * Changes what is kept now, so that what somebody else has kept meanwhile stays.
 *
 * @throws SheafError DIR_UNUSABLE when it cannot be written
 */
export function keepCorrections(stateDir: string, { added, removed }: CorrectionsChange): void {
  const statements = new Map(readCorrections(stateDir).statements.map((each) => [sayStatement(each), each]));
  for (const each of removed) statements.delete(sayStatement(each));
  for (const each of added) {
    statements.delete(sayStatement(contraryOf(each)));
    statements.set(sayStatement(each), each);
  }
  const lines = [...statements.keys()].sort();
  replaceText(correctionsFile(stateDir), `${HEAD}${lines.map((line) => `${line}\n`).join("")}`);
}

/**
 * Replaces a text of a state folder as a whole.
 *
 * @throws SheafError DIR_UNUSABLE when it cannot be written
 */
export function replaceText(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    const { code = "", message } = error as NodeJS.ErrnoException;
    const problem = `${file} cannot be written (${code || message})`;
    throw new SheafError("DIR_UNUSABLE", { dir: dirname(file), problem }, { cause: error });
  }
}

/** Returns corrections as the analysis takes them. */
export function toCorrections(statements: readonly Statement[]): Corrections {
  const pairs = (wanted: Statement["kind"]) =>
    statements.flatMap((each) =>
      each.kind === wanted && "on" in each ? [{ from: each.on, to: each.task }] : [],
    );
  const released = statements.flatMap(({ kind, task }) => (kind === "leaves" ? [task] : []));
  return { needs: pairs("needs"), free: pairs("free"), released };
}
