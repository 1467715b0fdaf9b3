import { SheafError, show } from "@sheaf/core";

/** What one line says about the dependencies of a task. */
export type Statement =
  | { readonly kind: "needs" | "free"; readonly task: string; readonly on: string }
  | { readonly kind: "keeps" | "leaves"; readonly task: string };

/** A text of statements as it was read. */
export interface ReadStatements {
  /** Each by its own words, with the number of its first line. */
  readonly statements: ReadonlyMap<string, { readonly statement: Statement; readonly line: number }>;
  /** What cannot be read, each with file and line. */
  readonly problems: readonly string[];
}

const EXPECTED = "`B needs A`, `B is free of A`, `B keeps its place` or `B leaves its place`";

/** Returns the words of a statement, the same for equal ones. */
export function sayStatement(statement: Statement): string {
  const { task } = statement;
  switch (statement.kind) {
    case "needs":
      return `${task} needs ${statement.on}`;
    case "free":
      return `${task} is free of ${statement.on}`;
    case "keeps":
      return `${task} keeps its place`;
    case "leaves":
      return `${task} leaves its place`;
    default:
      return statement satisfies never;
  }
}

/** Returns the statement that says the contrary. */
export function contraryOf(statement: Statement): Statement {
  const CONTRARY = { needs: "free", free: "needs", keeps: "leaves", leaves: "keeps" } as const;
  return { ...statement, kind: CONTRARY[statement.kind] } as Statement;
}

/** Returns what is wrong at a line, as a sentence. */
export const problemAt = (file: string, line: number, expected: string, got: string): string =>
  new SheafError("PLAN_INVALID", { where: `${file}:${line}`, expected, got }).message;

/** Reads statements, one a line; `#` begins a comment. */
export function readStatements(text: string, file: string): ReadStatements {
  const statements = new Map<string, { statement: Statement; line: number }>();
  const problems: string[] = [];
  for (const [i, whole] of text
    .normalize("NFC")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const words = whole.replace(/#.*/, "").trim();
    if (words === "") continue;
    const statement = readStatement(words.split(/\s+/));
    if (statement === null) {
      problems.push(problemAt(file, i + 1, EXPECTED, show(words)));
      continue;
    }
    const said = sayStatement(statement);
    const contrary = statements.get(sayStatement(contraryOf(statement)));
    if (contrary !== undefined) {
      const expected = `one of the two: line ${contrary.line} says \`${sayStatement(contrary.statement)}\``;
      problems.push(problemAt(file, i + 1, expected, show(said)));
    } else if (!statements.has(said)) statements.set(said, { statement, line: i + 1 });
  }
  return { statements, problems };
}

function readStatement(words: readonly string[]): Statement | null {
  const [task, ...rest] = words as [string, ...string[]];
  const on = rest.at(-1);
  const verb = rest.slice(0, -1).join(" ");
  if (on === undefined) return null;
  if (verb === "needs") return { kind: "needs", task, on };
  if (verb === "is free of") return { kind: "free", task, on };
  if (rest.join(" ") === "keeps its place") return { kind: "keeps", task };
  return rest.join(" ") === "leaves its place" ? { kind: "leaves", task } : null;
}
