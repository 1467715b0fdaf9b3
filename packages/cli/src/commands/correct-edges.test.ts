import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import type { Files } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { shell } from "./fixtures/shell.ts";

/** An editor: a program that changes the lines of the file it is given. `change` is the body of a function of `lines`. */
const editing = (change: string): string => `
import { readFileSync, writeFileSync } from "node:fs";
const file = process.argv.at(-1);
const without = (start) => lines.filter((line) => !line.startsWith(start));
const lines = readFileSync(file, "utf8").split("\\n");
const changed = (() => { ${change} })();
writeFileSync(file, changed.join("\\n"));
`;

interface Result {
  readonly exitCode: number;
  readonly err: string;
  /** `to < from source`, sorted. */
  readonly edges: readonly string[];
  readonly warnings: readonly string[];
}

const PLAN = `
tasks:
  - { id: fetch, run: "echo 1 > data", reads: [], writes: [data] }
  - { id: clean, run: "cat data", reads: [data], writes: [] }
  - { id: note, run: "true", reads: [], writes: [] }
  - { id: plot, description: "plots", run: "true" }
  - { id: mail, run: "echo \${note.output}", reads: [], writes: [] }
`;

function editable(files: Files = {}) {
  const dir = shell({ "plan.yaml": PLAN, ...files });
  const sheaf = (args: readonly string[], env: Record<string, string>) => dir.sheaf(args.join(" "), env);
  const plan = async (args: readonly string[], env: Record<string, string> = {}): Promise<Result> => {
    const { exitCode, out, err } = await sheaf(["plan", "plan.yaml", "--json", ...args], env);
    const { edges = [], warnings = [] } = out === "" ? {} : JSON.parse(out);
    const said = edges.map(({ from, to, source }: Record<string, string>) => `${to} < ${from} ${source}`);
    return { exitCode, err, edges: said.sort(), warnings };
  };
  return {
    path: dir.path,
    file: join(dir.path, ".sheaf", "edges.edit.txt"),
    kept: join(dir.path, ".sheaf", "edges.txt"),
    sheaf,
    plan,
    edit(change: string, env: Record<string, string> = {}): Promise<Result> {
      const editor = join(dir.path, "editor.mjs");
      writeFileSync(editor, editing(change));
      return plan(["--edit"], { EDITOR: `"${process.execPath}" "${editor}" --wait`, ...env });
    },
    statements(): readonly string[] {
      const lines = readFileSync(join(dir.path, ".sheaf", "edges.txt"), "utf8").split("\n");
      return lines.filter((line) => line !== "" && !line.startsWith("#"));
    },
  };
}

const FOUND = [
  "clean < fetch files",
  "mail < note reference",
  "mail < plot assumed",
  "plot < clean assumed",
  "plot < fetch assumed",
  "plot < note assumed",
];

describe("sheaf plan --edit", () => {
  it("shows what was found, with its evidence, and remembers nothing that was left as it is", async () => {
    const here = editable();
    expect((await here.plan([])).edges).toEqual(FOUND);
    const { exitCode, err, edges } = await here.edit("return lines");
    expect(exitCode).toBe(0);
    expect(err).toContain("Nothing was changed.");
    expect(edges).toEqual(FOUND);
    expect(existsSync(here.kept)).toBe(false);
    const [head, body] = readFileSync(here.file, "utf8").split("\n\n") as [string, string];
    expect(head.split("\n")).toHaveLength(8);
    expect(body).toBe(
      "clean needs fetch     # files: writes data, read as data\nplot keeps its place  # assumed: nothing is declared\n",
    );
  });

  it("remembers what is put in and what is taken out, for later plans and runs", async () => {
    const here = editable();
    const { exitCode, err, edges } = await here.edit(
      `return [...without("clean needs"), "note needs fetch", "note needs fetch # again"]`,
    );
    expect(exitCode).toBe(0);
    expect(err).toBe(`2 corrections added; all are in ${here.kept}.\n`);
    expect(edges).toContain("note < fetch corrected");
    expect(edges.filter((edge) => edge.startsWith("clean"))).toEqual([]);
    expect(here.statements()).toEqual(["clean is free of fetch", "note needs fetch"]);
    expect(existsSync(here.file)).toBe(false);
    expect((await here.plan([])).edges).toEqual(edges);
    const ran = await here.sheaf(["run", "plan.yaml", "--json"], {});
    expect(ran.exitCode).toBe(0);
    const journal = readFileSync(join(JSON.parse(ran.out).runDir, "journal.ndjson"), "utf8");
    expect(journal).toMatch(/"type":"analysis.finished","edges":\{[^}]*"corrected":1/);
  });

  it("shows corrections as such, and takes back those that are deleted", async () => {
    const here = editable();
    await here.edit(`return [...without("clean needs"), "note needs fetch"]`);
    const shown = await here.edit(`return [...without("clean is free"), ""]`);
    expect(shown.err).toContain("0 corrections added, 1 taken back");
    expect(shown.edges).toContain("clean < fetch files");
    expect(shown.edges).toContain("note < fetch corrected");
    await here.edit("return lines");
    expect(readFileSync(here.file, "utf8")).toMatch(/^note needs fetch +# corrected by you$/m);
    expect((await here.edit(`return without("note needs")`)).edges).toEqual(FOUND);
    expect(here.statements()).toEqual([]);
  });

  it("gives a task that leaves its place exactly the needs that are written", async () => {
    const here = editable();
    const { edges } = await here.edit(`return [...without("plot keeps"), "plot needs clean"]`);
    expect(edges).toEqual(["clean < fetch files", "mail < note reference", "plot < clean corrected"]);
    expect(here.statements()).toEqual(["plot leaves its place", "plot needs clean"]);
    const back = await here.edit(
      `return lines.map((line) => line.replace("plot leaves its place", "plot keeps its place"))`,
    );
    expect(back.edges).toContain("plot < note assumed");
    expect(here.statements()).toEqual(["plot needs clean"]);
  });

  it("remembers all needs of a task that leaves its place, those that were found among them", async () => {
    const plan = PLAN.replace('"plots"', '"use the output of clean"');
    const here = editable({ "plan.yaml": plan });
    expect((await here.plan([])).edges).toContain("plot < clean reference");
    await here.edit(`return without("plot keeps")`);
    expect(here.statements()).toEqual(["plot leaves its place", "plot needs clean"]);
  });

  it("names file, line and what was expected for each line that cannot hold, and keeps the text", async () => {
    const here = editable();
    const wrong = [
      "clean requires fetch",
      "clean needs fetsch",
      "clean needs note",
      "note needs note",
      "mail is free of note",
      "clean is free of fetch",
      "note keeps its place",
    ];
    const { exitCode, err, edges } = await here.edit(`return [...${JSON.stringify(wrong)}, ...lines]`);
    expect([exitCode, edges]).toEqual([2, []]);
    const told = err.split("\n").map((line) => line.replace(`error: ${here.file}:`, ""));
    expect(told.slice(0, -2)).toEqual(
      [
        '1: expected `B needs A`, `B is free of A`, `B keeps its place` or `B leaves its place`, got "clean requires fetch".',
        'LINE: expected one of the two: line 6 says `clean is free of fetch`, got "clean needs fetch".',
        '2: expected the id of a task (fetch, clean, note, plot, mail), got "fetsch".',
        '3: expected a task that comes before clean in the list, got "note", which comes after it.',
        '4: expected two different tasks, got "note" twice.',
        "5: expected a dependency that was found, got one that the plan itself makes (mail names note); change it there.",
        '7: expected a task that has left its place, got "note", of which there is something to go by.',
      ].map((line) => line.replace("LINE", "17")),
    );
    expect(told.at(-2)).toBe(`Your text is kept in ${here.file}; the same command goes on with it.`);
    expect(existsSync(here.kept)).toBe(false);
    const mended = await here.edit(`return [...lines.slice(7), "note needs clean"]`);
    expect(mended.err).toContain(`Going on with the text in ${here.file}.`);
    expect(mended.exitCode).toBe(0);
    expect(here.statements()).toEqual(["note needs clean"]);
  });

  it("says which file to change where no editor is named, and takes it up from there", async () => {
    const here = editable();
    const first = await here.plan(["--edit"], { VISUAL: " " });
    expect(first.exitCode).toBe(2);
    expect(first.err).toBe(
      `error: VISUAL and EDITOR name no editor. The dependencies are in ${here.file}: change them there, then give the same command again.\n`,
    );
    expect((await here.plan(["--edit"])).exitCode).toBe(2);
    writeFileSync(here.file, `${readFileSync(here.file, "utf8")}note needs clean`);
    const second = await here.plan(["--edit"]);
    expect([second.exitCode, here.statements()]).toEqual([0, ["note needs clean"]]);
  });

  it("corrects nothing when the editor fails, the text is empty or gone, and keeps what was written", async () => {
    const here = editable();
    const write = `writeFileSync(file, lines.concat("note needs clean").join("\\n"));`;
    const failing = await here.edit(`${write} process.exit(3)`);
    expect(failing.exitCode).toBe(1);
    expect(failing.err).toMatch(
      /^error: The editor \(.* --wait\) ended with exit code 3, so nothing is corrected\.\n/,
    );
    expect(failing.err).toContain(`Your text is kept in ${here.file}`);
    expect(existsSync(here.kept)).toBe(false);
    const empty = await here.edit(`return [" ", ""]`);
    expect([empty.exitCode, empty.edges]).toEqual([0, FOUND]);
    expect(empty.err).toContain("The text is empty, so nothing was changed.");
    const missing = await here.plan(["--edit"], { EDITOR: "/no/such/editor" });
    expect(missing.exitCode).toBe(1);
    expect(missing.err).toContain("ended with exit code 127");
    expect((await here.plan(["--edit"], { EDITOR: "rm" })).err).toContain("is gone or cannot be read");
    const stdin = await here.sheaf(["plan", "-", "--edit"], {});
    expect([stdin.exitCode, stdin.err]).toEqual([2, expect.stringContaining("Expected `PLAN` to be a file")]);
  });

  it("keeps what others have corrected meanwhile, and what is about tasks of other lists", async () => {
    const here = editable({ ".sheaf/edges.txt": "other needs fetch\nclean needs note\n" });
    const meanwhile = `writeFileSync(${JSON.stringify(here.kept)}, "other needs fetch\\nclean needs note\\nmail needs clean\\n");`;
    const { warnings } = await here.edit(`${meanwhile} return [...lines, "note needs fetch"]`);
    expect(here.statements()).toEqual([
      ...["clean needs note", "mail needs clean", "note needs fetch", "other needs fetch"],
    ]);
    expect(warnings).toContainEqual(
      expect.stringContaining("Your correction that clean needs note is not used"),
    );
  });

  it("says which kept lines cannot be read; a plan goes on without them, and nothing is edited over them", async () => {
    const here = editable({ ".sheaf/edges.txt": "note needs clean\nnote kneads fetch\n" });
    const wrong = `${here.kept}:2: expected \`B needs A\``;
    const { sheaf } = here;
    const { exitCode, out } = await sheaf(["plan", "plan.yaml", "--json"], {});
    expect([exitCode, JSON.parse(out).fallbacks[0].part]).toEqual([0, "corrections"]);
    expect(JSON.parse(out).fallbacks[0].reason).toContain(wrong);
    expect((await here.plan([])).edges).toContain("note < clean corrected");
    const edited = await here.edit(`return [...lines, "mail needs fetch"]`);
    expect([edited.exitCode, edited.err.includes(wrong)]).toEqual([2, true]);
  });

  it("lets a run that is under way read whole corrections, and keeps them where SHEAF_HOME says", async () => {
    const here = editable();
    const home = join(here.path, "..", `${here.path.split("/").at(-1)}-home`);
    try {
      const tasks = [
        { id: "fetch", run: "sleep 0.3" },
        { id: "clean", run: "true" },
      ];
      const run = executeWithParallelism({ dir: here.path, tasks }, undefined, { env: {} });
      const { exitCode } = await here.edit(`return [...lines, "note needs clean"]`);
      expect([exitCode, (await run).status]).toEqual([0, "succeeded"]);
      await here.edit(`return [...lines, "note needs fetch"]`, { SHEAF_HOME: home });
      expect(here.statements()).toEqual(["note needs clean"]);
      const { edges } = await here.plan([], { SHEAF_HOME: home });
      expect(edges.filter((edge) => edge.endsWith("corrected"))).toEqual(["note < fetch corrected"]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});
