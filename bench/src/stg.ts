import { BadInput } from "./bad-input.ts";
import { type Workflow, type WorkflowTask, workflowOf } from "./workflow.ts";

/**
 * Reads a graph of the Standard Task Graph Set: a line with the number of tasks, then one row a task with its
 * number, its time, how many tasks come before it and which, then comments that begin with "#". The entry and the
 * exit, two tasks of no time, are not counted in the first line.
 *
 * @throws BadInput
 */
export function parseStg(text: string): Workflow {
  const lines = text.split(/\r?\n/).map((line, i) => ({ fields: fieldsOf(line), number: i + 1 }));
  const [first, ...rows] = lines.filter(({ fields }) => fields.length > 0);
  const count = first?.fields.length === 1 ? wholeNumber(first.fields[0]!) : undefined;
  if (first === undefined || count === undefined) {
    throw new BadInput("this is not an STG file: expected the number of tasks alone in the first line");
  }
  if (rows.length !== count && rows.length !== count + 2) {
    throw new BadInput(
      `the first line promises ${count} tasks (${count + 2} rows with entry and exit), but there are ${rows.length} rows`,
    );
  }
  return workflowOf(rows.map(({ fields, number }) => taskOf(fields, number)));
}

function fieldsOf(line: string): readonly string[] {
  const text = line.trim();
  return text === "" || text.startsWith("#") ? [] : text.split(/\s+/);
}

function taskOf(fields: readonly string[], line: number): WorkflowTask {
  const [name, time, before, ...after] = fields;
  const duration = Number(time);
  const expected = wholeNumber(before ?? "");
  if (expected === undefined || !(duration >= 0 && duration < Number.POSITIVE_INFINITY)) {
    throw new BadInput(`line ${line}: expected a task, its time, and how many tasks come before it`);
  }
  if (after.length !== expected) {
    throw new BadInput(`line ${line}: expected ${expected} tasks before task ${name}, got ${after.length}`);
  }
  return { name: name!, duration, after };
}

function wholeNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
