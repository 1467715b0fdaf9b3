import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { decodeText } from "./decode-text.ts";
import { type PlanProblems, type PlanText, placedAt } from "./read-plan.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "it may not be read",
};

/** Reads the file of a plan; `-` is the standard input, whose relative paths start in the current directory. */
export function loadPlanText(path: string, cwd: string): PlanText | PlanProblems {
  const standardInput = path === "-";
  const name = standardInput ? "standard input" : path;
  let bytes: Buffer;
  try {
    bytes = readFileSync(standardInput ? 0 : resolve(cwd, path));
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return { problems: [`The plan ${name} cannot be read: ${REASONS[code] ?? message}.`] };
  }
  const text = decodeText(bytes);
  if (typeof text !== "string") return { problems: [placedAt(name, text.position, `${text.problem}.`)] };
  return { name, folder: standardInput ? cwd : dirname(resolve(cwd, path)), text };
}
