import { existsSync } from "node:fs";
import { join } from "node:path";
import { BadInput } from "../bad-input.ts";
import type { CommandOutput } from "../makespan-command.ts";
import { repository } from "../repository.ts";
import { markdownTable, textTable } from "../show/table.ts";
import { analyzers } from "./analyzers.ts";
import { dependenciesArguments } from "./dependencies-arguments.ts";
import type { DependencyRow } from "./dependency-row.ts";
import { dependencyTable } from "./dependency-table.ts";
import { loadSets } from "./load-sets.ts";
import { measureSets } from "./measure-sets.ts";

const FOLDER: string = join(repository, "..", "shared", "data", "dependencies");

/** What a command takes from its surroundings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the sets lie when the command line names none. @default the data beside the checkout */
  readonly folder?: string;
}

/**
 * Compares what the analyzers say about lists with their true edges, and writes it to stdout. Returns the exit code: 2,
 * with a sentence on stderr and nothing on stdout, when the input cannot be used or a model that was named answers
 * nothing.
 */
export async function dependenciesCommand(
  args: readonly string[],
  output: CommandOutput,
  { env, folder = FOLDER }: Surroundings,
): Promise<number> {
  const note = (sentence: string): void => {
    output.stderr.write(`${sentence}\n`);
  };
  try {
    const { set, model, form } = dependenciesArguments(args, env);
    const isThere = set !== null || existsSync(folder);
    if (!isThere) note(`There are no sets in ${folder}: nothing is compared. Name others with --set DIR.`);
    const sets = isThere ? loadSets(set ?? folder, note) : [];
    const rows = await measureSets(sets, analyzers(model), note);
    if (form === "json") output.stdout.write(rowsAsJson(rows));
    else if (rows.length > 0) {
      const table = dependencyTable(rows);
      output.stdout.write(
        form === "text" ? textTable(table) : `### ${table.title}\n\n${markdownTable(table)}`,
      );
    }
    return 0;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    note(error.message);
    return 2;
  }
}

function rowsAsJson(rows: readonly DependencyRow[]): string {
  if (rows.length === 0) return "[]\n";
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n]\n`;
}
