import { existsSync } from "node:fs";
import { join } from "node:path";
import { BadInput } from "../bad-input.ts";
import type { CommandOutput } from "../makespan-command.ts";
import { repository } from "../repository.ts";
import { markdownTable, textTable } from "../show/table.ts";
import { analyzers, type ModelSource } from "./analyzers.ts";
import { type DependenciesArguments, dependenciesArguments } from "./dependencies-arguments.ts";
import type { DependencyRow } from "./dependency-row.ts";
import { dependencyTable } from "./dependency-table.ts";
import { loadSets } from "./load-sets.ts";
import { measureSets } from "./measure-sets.ts";
import { type ModelRelay, recordingRelay, replayingRelay } from "./model-relay.ts";

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
    const asked = dependenciesArguments(args, env);
    const isThere = asked.set !== null || existsSync(folder);
    if (!isThere) note(`There are no sets in ${folder}: nothing is compared. Name others with --set DIR.`);
    const sets = isThere ? loadSets(asked.set ?? folder, note) : [];
    await using relay = await relayFor(asked);
    const rows = await measureSets(sets, analyzers(modelSource(asked, relay)), note);
    output.stdout.write(rendered(rows, asked.form));
    return 0;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    note(error.message);
    return 2;
  }
}

async function relayFor({ modelUrl, transcript }: DependenciesArguments): Promise<ModelRelay | null> {
  if (transcript === null) return null;
  return await (modelUrl === null ? replayingRelay(transcript) : recordingRelay(modelUrl, transcript));
}

function modelSource(
  { modelUrl, modelName, apiKey }: DependenciesArguments,
  relay: ModelRelay | null,
): ModelSource | null {
  const baseUrl = relay?.baseUrl ?? modelUrl;
  if (baseUrl === null) return null;
  return { settings: { baseUrl, model: modelName, apiKey }, isReplayed: modelUrl === null };
}

function rendered(rows: readonly DependencyRow[], form: DependenciesArguments["form"]): string {
  if (rows.length === 0) return form === "json" ? "[]\n" : "";
  if (form === "json") return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n]\n`;
  const table = dependencyTable(rows);
  return form === "text" ? textTable(table) : `### ${table.title}\n\n${markdownTable(table)}`;
}
