// The budgets of a directory: `budgets.json` in the state folder. A budget that is lost would let money be spent, so
// what cannot be read is an error and never no budget.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Budget, SheafError, show } from "@sheaf/core";
import { budgetProblem } from "./budget.ts";

const SCHEMA = 1;

/** Returns the path of the file in a state folder. */
export const budgetsFile = (stateDir: string): string => join(stateDir, "budgets.json");

/**
 * Returns the budgets that are kept in a state folder; none where there is no file.
 *
 * @throws SheafError BUDGETS_DAMAGED when the file cannot be read, or says anything but budgets
 */
export function readBudgets(stateDir: string): readonly Budget[] {
  const path = budgetsFile(stateDir);
  const damaged = (problem: string): SheafError => new SheafError("BUDGETS_DAMAGED", { path, problem });
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Where the folder is none, whoever makes it says so.
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw damaged(code === undefined ? "it is no JSON" : message);
  }
  const { schema, budgets, ...others } = (content ?? {}) as Readonly<Record<string, unknown>>;
  if (schema !== SCHEMA) throw damaged(`expected \`schema\` to be ${SCHEMA}, got ${show(schema)}`);
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) throw damaged(`expected only schema and budgets, got ${show(stranger)}`);
  if (!Array.isArray(budgets)) throw damaged(`expected \`budgets\` to be a list, got ${show(budgets)}`);
  budgets.forEach((budget, i) => {
    const problem = budgetProblem(budget);
    if (problem !== undefined) throw damaged(`budgets[${i}]: ${problem}`);
  });
  return budgets;
}

/**
 * Replaces the budgets of a state folder as a whole.
 *
 * @throws SheafError DIR_UNUSABLE when they cannot be written; those that were kept stay
 */
export function keepBudgets(stateDir: string, budgets: readonly Budget[]): void {
  const path = budgetsFile(stateDir);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, `${JSON.stringify({ schema: SCHEMA, budgets }, null, 2)}\n`, { flush: true });
    renameSync(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = `${path} cannot be written (${code ?? message})`;
    throw new SheafError("DIR_UNUSABLE", { dir: stateDir, problem }, { cause: error });
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What kept the file from being written is the failure to tell.
  }
}
