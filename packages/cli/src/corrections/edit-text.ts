import { type Edge, nameSome } from "@sheaf/core";
import {
  type CorrectionsChange,
  contraryOf,
  type PlannedRun,
  type readStatements,
  type Statement,
  sayStatement,
} from "@sheaf/engine";
import { alignColumns } from "../show/align-columns.ts";
import { oneLine } from "../show/fit-text.ts";

/** A text of edges as it was given to somebody to change. */
export interface EditText {
  readonly text: string;
  /** What the analysis says in it. */
  readonly found: readonly Statement[];
  /** What corrects that. */
  readonly corrected: readonly Statement[];
}

const head = (plan: string): string => `# What the tasks of ${plan} wait for. An empty file changes nothing.
#   B needs A           B waits for A. Delete the line, and it does not; write one, and it does.
#   B is free of A      B does not wait for A itself, whatever is found.
#   B keeps its place   nothing is known of B: it waits for all before it, and all after it wait for it
#   B leaves its place  B waits for what its \`needs\` lines say; so do others for it, and who keeps its place
# What you change is remembered, by the ids of the tasks. Delete a line "corrected by you" to take it back.
# Edges decide when a task starts, not what comes out (but with consistency: trust-graph).
# Not shown, as only the plan can change it: dependsOn, and outputs that a task takes.
`;

/** Returns the edges of a plan for somebody to change, task by task. */
export function editText(planned: PlannedRun, corrections: readonly Statement[], plan: string): EditText {
  const { order, graph } = planned.plan;
  const places = new Map<string, number>(order.map((id, place) => [id, place]));
  const rows = new Map<string, { statement: Statement; comment: string }>();
  const add = (statement: Statement, comment: string): void => {
    rows.set(sayStatement(statement), { statement, comment: `# ${comment}` });
  };
  for (const task of planned.inPlace) add({ kind: "keeps", task }, "assumed: nothing is declared");
  const certain = certainPairs(planned);
  for (const edge of graph.edges) {
    const { from, to, source } = edge;
    if (source === "assumed" || source === "corrected" || certain.has(`${from} ${to}`)) continue;
    add({ kind: "needs", task: to, on: from }, sayEdge(edge));
  }
  const found = new Map(Array.from(rows, ([said, { statement }]) => [said, statement]));
  const corrected = corrections.filter((each) => idsOf(each).every((id) => places.has(id)));
  for (const each of corrected) {
    add(each, "corrected by you");
    found.delete(sayStatement(each));
  }
  const placeOf = (statement: Statement): readonly number[] => [
    places.get(statement.task)!,
    "on" in statement ? places.get(statement.on)! : -1,
  ];
  const sorted = [...rows].sort(([, { statement: a }], [, { statement: b }]) => {
    const [[toA, fromA], [toB, fromB]] = [placeOf(a), placeOf(b)] as [number[], number[]];
    return toA! - toB! || fromA! - fromB!;
  });
  const lines = alignColumns(sorted.map(([said, { comment }]) => [said, comment]));
  const text = `${head(oneLine(plan))}\n${lines.map((line) => `${line}\n`).join("")}`;
  return { text, found: [...found.values()], corrected };
}

const idsOf = (statement: Statement): readonly string[] =>
  "on" in statement ? [statement.task, statement.on] : [statement.task];

const certainPairs = ({ certain }: PlannedRun): ReadonlySet<string> =>
  new Set(certain.map(({ from, to }) => `${from} ${to}`));

function sayEdge({ source, probability, evidence }: Edge): string {
  const sure = probability === 1 ? "" : ` ${Math.round(probability * 100)}%`;
  return `${source}${sure}: ${oneLine(evidence)}`;
}

const wordsOf = (statements: readonly Statement[]): ReadonlySet<string> =>
  new Set(statements.map(sayStatement));

/** Says what is wrong at a line. */
type Complain = (line: number, expected: string, got: string) => void;

/**
 * Returns what was changed in a text, against what it was when it was shown. What cannot hold is told to `complain`.
 */
export function changesIn(
  edited: ReturnType<typeof readStatements>["statements"],
  shown: EditText,
  { planned, complain }: { readonly planned: PlannedRun; readonly complain: Complain },
): CorrectionsChange {
  const [found, corrected] = [wordsOf(shown.found), wordsOf(shown.corrected)];
  const certain = certainPairs(planned);
  const isGone = (statement: Statement): boolean => !edited.has(sayStatement(statement));
  const added = new Map<string, Statement>();
  const add = (statement: Statement): void => {
    const holds = statement.kind === "needs" && certain.has(`${statement.on} ${statement.task}`);
    if (!holds) added.set(sayStatement(statement), statement);
  };
  for (const each of shown.found.filter(isGone)) add(contraryOf(each));
  const check = checker(planned, corrected, complain);
  for (const [said, { statement, line }] of edited) {
    if (found.has(said) || corrected.has(said) || !check(statement, line)) continue;
    if (statement.kind !== "keeps") add(statement); // that takes the contrary back, which is gone
  }
  // Who leaves its place waits for what its lines say, whoever has found them.
  for (const { statement } of edited.values()) {
    const { kind, task } = statement;
    if (kind === "needs" && added.has(sayStatement({ kind: "leaves", task }))) add(statement);
  }
  const isNew = (statement: Statement): boolean => !corrected.has(sayStatement(statement));
  return { added: [...added.values()].filter(isNew), removed: shown.corrected.filter(isGone) };
}

/** Returns a function that tells whether a new statement can hold, and complains where it cannot. */
function checker(
  planned: PlannedRun,
  corrected: ReadonlySet<string>,
  complain: Complain,
): (statement: Statement, line: number) => boolean {
  const { order } = planned.plan;
  const places = new Map<string, number>(order.map((id, place) => [id, place]));
  const certain = certainPairs(planned);
  return (statement, line) => {
    const wrong = (expected: string, got: string): false => {
      complain(line, expected, got);
      return false;
    };
    for (const id of idsOf(statement)) {
      if (!places.has(id)) return wrong(`the id of a task (${nameSome(order, 8)})`, `"${id}"`);
    }
    if (!("on" in statement)) {
      if (statement.kind === "leaves" || corrected.has(sayStatement(contraryOf(statement)))) return true;
      const got = `"${statement.task}", of which there is something to go by`;
      return wrong("a task that has left its place", got);
    }
    const { kind, task, on } = statement;
    if (on === task) return wrong("two different tasks", `"${task}" twice`);
    if (places.get(on)! > places.get(task)!) {
      return wrong(`a task that comes before ${task} in the list`, `"${on}", which comes after it`);
    }
    if (kind === "free" && certain.has(`${on} ${task}`)) {
      return wrong(
        "a dependency that was found",
        `one that the plan itself makes (${task} names ${on}); change it there`,
      );
    }
    return true;
  };
}
