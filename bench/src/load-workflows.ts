import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { SheafError } from "@sheaf/core";
import { BadInput, NoWorkflow } from "./bad-input.ts";
import { parseStg } from "./stg.ts";
import { parseWfFormat } from "./wf-format.ts";
import type { Workflow } from "./workflow.ts";

/** A workflow and the path of its file, as it was given or found. */
export interface LoadedWorkflow extends Workflow {
  readonly file: string;
}

/**
 * Reads workflows: `.stg` and `.json` files, and all such files below folders, in order of path. A JSON file below a
 * folder that is no workflow is passed over, and `note` is told so.
 *
 * @throws BadInput
 */
export function loadWorkflows(paths: readonly string[], note: (sentence: string) => void): LoadedWorkflow[] {
  return paths.flatMap((path) => {
    const found = isFolder(path) ? loadFolder(path, note) : [loadFile(path)];
    for (const { file, unmeasured } of found) {
      if (unmeasured > 0) note(`${file}: ${unmeasured} of the tasks have no run time; they count as 0.`);
    }
    return found;
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function loadFolder(folder: string, note: (sentence: string) => void): LoadedWorkflow[] {
  const found = filesBelow(folder).flatMap((file) => {
    try {
      return [loadFile(file)];
    } catch (error) {
      if (!(error instanceof NoWorkflow)) throw error;
      note(`${error.message} (passed over).`);
      return [];
    }
  });
  if (found.length === 0)
    throw new BadInput(`${folder}: expected .stg or .json workflows below this folder, found none`);
  return found;
}

function filesBelow(folder: string): string[] {
  const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : 1);
  return readdirSync(folder, { withFileTypes: true })
    .sort(byName)
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return [".stg", ".json"].includes(extname(entry.name)) ? [path] : [];
    });
}

function loadFile(file: string): LoadedWorkflow {
  const parse = { ".stg": parseStg, ".json": parseWfFormat }[extname(file)];
  if (parse === undefined) throw new BadInput(`${file}: expected a file that ends in .stg or .json`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    return { file, ...parse(text) };
  } catch (error) {
    if (error instanceof NoWorkflow) throw new NoWorkflow(`${file}: ${error.message}`);
    if (error instanceof BadInput || error instanceof SheafError)
      throw new BadInput(`${file}: ${error.message}`);
    throw error;
  }
}

function unreadable(path: string, error: unknown): BadInput {
  const { code } = error as NodeJS.ErrnoException;
  return new BadInput(
    code === "ENOENT" ? `${path}: there is no such file or folder` : `${path}: cannot be read (${code})`,
  );
}
