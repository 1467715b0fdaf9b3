// Real programs as shell commands, and as tasks.
import { fileURLToPath } from "node:url";
import type { RealProgram, RungCase } from "./cases.ts";
import { shellSteps } from "./shell-steps.ts";

export const NODE_STEPS: string = fileURLToPath(new URL("./node-steps.mjs", import.meta.url));
const PYTHON_STEPS = fileURLToPath(new URL("./python-steps.py", import.meta.url));
/** Not the first in PATH: that may be a script which other users cannot read. */
const PYTHON = "/usr/bin/python3";

/** Returns the shell command that runs a program in its working folder. */
export function commandOf({ id, language, steps, delayMs }: RealProgram): string {
  const asJson = (): string => `'${JSON.stringify({ id, steps, delayMs })}'`;
  switch (language) {
    case "sh":
      return shellSteps(id, steps, delayMs);
    case "python":
      return `${PYTHON} -I ${PYTHON_STEPS} ${asJson()}`;
    case "node":
    case "agent":
      return `${process.execPath} ${NODE_STEPS} ${asJson()}`;
    default:
      return language satisfies never;
  }
}

/**
 * Returns the tasks of a case.
 *
 * @param touched what each program touched when all ran in order, by id
 */
export function tasksOf(
  { programs, needs }: RungCase,
  touched: ReadonlyMap<string, readonly string[]>,
): readonly object[] {
  return programs.map((program) => {
    const { id, language, steps, delayMs, declares } = program;
    const work =
      language === "agent" ? { agent: "steps", input: { id, steps, delayMs } } : { run: commandOf(program) };
    const writes = declares
      ? { writes: [...new Set([...namedBy(program), ...(touched.get(id) ?? [])])] }
      : {};
    return { id, dependsOn: needs.get(id) ?? [], ...work, ...writes };
  });
}

const namedBy = ({ steps }: RealProgram): readonly string[] =>
  steps.flatMap((step) => {
    if (step.op === "fail" || step.path === "") return [];
    return [step.path, `${step.path}/**`, ...("to" in step ? [step.to] : [])];
  });
