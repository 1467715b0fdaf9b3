import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { dependenciesCommand } from "../../../../bench/src/dependencies/dependencies-command.ts";
import type { DependencyRow } from "../../../../bench/src/dependencies/dependency-row.ts";

/** A folder for the files of one test file. */
export const root: string = mkdtempSync(join(tmpdir(), "dependencies-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

export function file(path: string, text: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  const output = {
    stdout: { write: (text: string) => (said.stdout += text) },
    stderr: { write: (text: string) => (said.stderr += text) },
  };
  return { code: await dependenciesCommand(args, output, { env, folder: join(root, "absent") }), ...said };
}

export const rowsIn = ({ stdout }: Said): DependencyRow[] => JSON.parse(stdout);
export const rowOf = (said: Said, analyzer: string): DependencyRow | undefined =>
  rowsIn(said).find((row) => row.analyzer === analyzer);

export const jsonl = (...lists: object[]): string =>
  lists.map((list) => `${JSON.stringify(list)}\n`).join("");

/** Not in order: "use" stands before "make", which it needs. "idle" speaks of a step that it does not need. */
export const flow = {
  tasks: [
    { id: "use", description: "Uses it", inputs: ["it.*"], outputs: ["used"] },
    { id: "make", description: "Makes it", inputs: [], outputs: ["it.*"] },
    { id: "tell", description: "Tells what step 1 found", inputs: ["used"], outputs: [] },
    { id: "idle", description: "Does something else than step 2", inputs: ["it.x"], outputs: ["other"] },
  ],
  edges: [
    ["make", "use"],
    ["use", "tell"],
  ],
};

export const texts = {
  tasks: [
    { id: "a", description: "Cook rice" },
    { id: "b", description: "Eat the rice" },
    { id: "c", description: "Read" },
  ],
  edges: [["a", "b"]],
  durations: [1, 1, 3],
};
