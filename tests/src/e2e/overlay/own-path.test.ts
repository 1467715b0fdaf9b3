// A process task sees its view at the shared directory's own path.
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFiles } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { users } from "./driven-host.ts";
import { places, type Report, runAs } from "./run-as.ts";

const AGENT = {
  module: fileURLToPath(new URL("../fixtures/path-agent.mjs", import.meta.url)),
  export: "run",
};
const OWN_PATH = /processes see theirs at the directory's own path$/;
const hasCompiler = spawnSync("cc", ["--version"]).status === 0;
const outputs = ({ tasks }: Report): object =>
  Object.fromEntries(
    Object.entries(tasks).map(([id, { output, failure }]) => [id, failure?.error ?? output]),
  );
const overlay = { staging: "overlay", validate: true } as const;

describe.each(users())("as $who", ({ uid, skip }) => {
  test.skipIf(skip)("a command works at absolute paths, in whatever folder the directory lies", async () => {
    using place = places(uid, {});
    const dir = join(place.path, "not its own/a b\nc/dir");
    mkdirSync(dir, { recursive: true });
    writeFiles(dir, { a: "a\n" });
    // The folders above are another user's.
    for (const path of [dir, join(dir, "a")]) chownSync(path, uid, uid);
    if (process.getuid?.() === 0) chownSync(join(place.path, "not its own"), 0, 0);
    const state = 'ls -A; ls -d .sheaf "$dir/.sheaf" 2> /dev/null || echo none';
    const tasks = [
      {
        id: "says",
        run: `dir="$(pwd; echo .)"; dir="\${dir%??}"; pwd; ${state}; echo x > "$dir/x"; ls "$dir"`,
      },
      { id: "reads", run: 'cat "$PWD/x"; rm "$PWD/a"; echo "$PWD" > place' },
      { id: "keeps", run: 'echo log > "$SHEAF_LOGS_DIR/l" && echo temp > "$SHEAF_TEMP_DIR/t" && ls -A' },
      { id: "fails", run: "pwd >&2; exit 7" },
    ];
    const report = await runAs(uid, { dir, tasks, options: overlay });
    expect(report.why).toMatch(OWN_PATH);
    expect(outputs(report)).toMatchObject({
      says: `${dir}\na\nnone\na\nx`,
      reads: "x",
      keeps: "place\nx",
      fails: { message: expect.stringContaining(dir) },
    });
    expect(JSON.stringify(outputs(report))).not.toMatch(/\.sheaf|behind/);
    expect(readdirSync(dir).sort()).toEqual([".sheaf", "place", "x"]);
    expect(readFileSync(join(dir, "place"), "utf8")).toBe(`${dir}\n`);
    expect(readFileSync(join(report.runDir, "tasks/0003-keeps/attempt-1/logs/l"), "utf8")).toBe("log\n");
    expect(report.fallbacks).toEqual([]);
    expect(report.guarantee.level).toBe("serial-equivalent");
  });

  test.skipIf(skip)("agents in processes work at one path at once and do not see each other", async () => {
    using place = places(uid, { a: "a\n" });
    const { shared: dir } = place;
    const meet = { at: join(place.path, "meet"), count: 2 };
    mkdirSync(meet.at, { mode: 0o777 });
    chownSync(meet.at, uid, uid);
    const tasks = [
      { id: "one", input: { dir, write: "one", meet, list: true } },
      { id: "two", input: { dir, write: "two", meet, read: "a", ask: "a" } },
      { id: "late", input: { dir, read: "one" } },
    ];
    const options = { ...overlay, executor: "process", mode: "parallel", maxWorkers: 3 };
    const report = await runAs(uid, { dir, tasks, agent: AGENT, options });
    const where = { dir, cwd: dir, state: false };
    expect(outputs(report)).toMatchObject({
      one: { ...where, seen: ["a", "one"] },
      two: { ...where, read: "a\n", asked: "a\n" },
      late: { ...where, read: "written\n" },
    });
    // Reads by absolute paths are watched: only the one that met a change ran again.
    expect(report.tasks).toMatchObject({ one: { attempts: 1 }, two: { attempts: 1 } });
    expect(readdirSync(dir).sort()).toEqual([".sheaf", "a", "one", "two"]);
    expect(report.fallbacks).toEqual([]);
  });

  test.skipIf(skip || !hasCompiler)("what programs look at by absolute paths is watched", async () => {
    using place = places(uid, { a: "a\n", b: "b\n" });
    const meet = join(place.path, "meet");
    mkdirSync(meet);
    chownSync(meet, uid, uid);
    const [a, b] = [join(place.shared, "a"), join(place.shared, "b")];
    const waits = (name: string): string =>
      `echo > '${meet}/${name}'; until [ $(ls '${meet}' | wc -l) -ge 3 ]; do :; done`;
    const tasks = [
      { id: "writes", run: `${waits("writes")}; echo new > '${a}'` },
      { id: "reads-a", run: `cat '${a}'; ${waits("reads-a")}` },
      { id: "reads-b", run: `cat '${b}'; ${waits("reads-b")}; ls -d '${place.shared}/.sheaf' || true` },
    ];
    const options = { ...overlay, trackSubprocesses: true, mode: "parallel", maxWorkers: 3 };
    const report = await runAs(uid, { dir: place.shared, tasks, options });
    expect(outputs(report)).toEqual({ writes: "", "reads-a": "new", "reads-b": "b" });
    const attempts = Object.values(report.tasks).map((task) => task.attempts);
    expect(attempts).toEqual([1, 2, 1]);
  });

  test.skipIf(skip)("what is frozen lies where it is, and cannot be changed", async () => {
    const files = { "node_modules/p/i.js": "1", "pkg/a": "", "pkg/node_modules/q/i.js": "2" };
    using place = places(uid, files);
    const tasks = [
      { id: "mode", run: "chmod 750 pkg; echo > pkg/new" },
      {
        id: "looks",
        run: "stat -c %a pkg; readlink -f node_modules/p pkg/node_modules; cat pkg/node_modules/q/i.js",
      },
      {
        id: "removes",
        run: "rm -rf node_modules pkg/node_modules 2> /dev/null; echo $?; echo > node_modules/x",
      },
      { id: "goes-on", run: "ls -A . pkg" },
    ];
    const report = await runAs(uid, { dir: place.shared, tasks, options: overlay });
    const at = (path: string): string => join(place.shared, path);
    expect(outputs(report)).toMatchObject({
      looks: `750\n${at("node_modules/p")}\n${at("pkg/node_modules")}\n2`,
      removes: { message: expect.stringMatching(/Read-only|read-only/) },
      "goes-on": ".:\nnode_modules\npkg\n\npkg:\na\nnew\nnode_modules",
    });
    for (const path of ["node_modules/p/i.js", "pkg/node_modules/q/i.js"]) {
      expect(readFileSync(at(path), "utf8")).toBe(readFileSync(join(place.plain, path), "utf8"));
    }
    expect(report.guarantee.level).toBe("serial-equivalent");
    expect(report.fallbacks).toEqual([]);
  });

  test.skipIf(skip).each([
    { frozen: ["**/node_modules"], where: "in what is frozen" },
    { frozen: [], where: "behind the view" },
  ])("an agent's own module is that of its view, and a compiled one is found $where", async ({ frozen }) => {
    const source =
      'import { says } from "p"; import { more } from "./more.mjs"; export default () => says + more;';
    using place = places(uid, {
      "agent.mjs": source,
      "typed.ts": `${source} export type Nothing = never;`,
      "more.mjs": 'export const more = "old";',
      "node_modules/p/package.json": '{"name":"p","type":"module","main":"i.js"}',
      "node_modules/p/i.js": 'export const says = "said ";',
    });
    const at = (name: string): string => join(place.shared, name);
    const tasks = [
      { id: "changes", run: "echo 'export const more = \"new\";' > more.mjs" },
      { id: "plain", agent: "plain" },
      { id: "typed", agent: "typed" },
    ];
    const agents = { plain: { module: at("agent.mjs") }, typed: { module: at("typed.ts") } };
    const options = { ...overlay, executor: "process", frozen };
    const report = await runAs(uid, { dir: place.shared, tasks, agents, options });
    expect(outputs(report)).toEqual({ changes: "", plain: "said new", typed: "said old" });
  });

  test.skipIf(skip)(
    "links to the directory lead to the view, and a killed command leaves no mount",
    async () => {
      using place = places(uid, { a: "a\n" });
      const link = join(place.path, "link");
      symlinkSync("shared", link);
      const tasks = [
        { id: "through", run: `pwd; echo more >> '${link}/a'; cat '${link}/a'` },
        { id: "late", run: `echo half > '${link}/half'; sleep 1000`, timeoutMs: 300 },
        { id: "after", run: `cat '${link}/a'; ls` },
      ];
      const report = await runAs(uid, { dir: link, tasks, options: overlay });
      expect(outputs(report)).toMatchObject({
        through: `${place.shared}\na\nmore`,
        late: { message: expect.stringContaining("300") },
        after: "a\nmore\na",
      });
      // The folder of a view goes when its mount has gone.
      expect(readdirSync(join(report.runDir, "tasks/0002-late")).sort()).toEqual(["attempt-1", "upper"]);
      expect(report.fallbacks).toEqual([]);
      expect(readdirSync(place.shared).sort()).toEqual([".sheaf", "a"]);
    },
  );

  test.skipIf(skip)(
    "where no place is left outside of the directory, a view keeps a path of its own",
    async () => {
      using place = places(uid, { "tmp/": "", "cache/": "" });
      const env = { TMPDIR: join(place.shared, "tmp"), XDG_CACHE_HOME: join(place.shared, "cache") };
      const tasks = [{ id: "says", run: 'pwd; echo x > x; echo t > "$SHEAF_TEMP_DIR/t"' }];
      const report = await runAs(uid, { dir: place.shared, tasks, options: overlay }, { env });
      expect(report.why).toMatch(/at a path of its own each, as no folder .* outside of the directory$/);
      expect(report.tasks.says!.output).toBe(join(report.runDir, "tasks/0001-says/view"));
      expect(readFileSync(join(place.shared, "x"), "utf8")).toBe("x\n");
    },
  );

  test.skipIf(skip || process.getuid?.() !== 0)("the directory may be a mount point", async () => {
    using place = places(uid, {});
    const mount = `mount -t tmpfs -o uid=${uid},gid=${uid} tmpfs '${place.shared}' && exec "$@"`;
    const prefix = ["unshare", "-m", "--propagation", "private", "sh", "-c", mount, "sh"];
    const tasks = [
      { id: "writes", run: `pwd; echo x > '${place.shared}/x'` },
      { id: "reads", run: `cat '${place.shared}/x'; ls -A` },
    ];
    const report = await runAs(uid, { dir: place.shared, tasks, options: overlay }, { prefix });
    expect(outputs(report)).toEqual({ writes: place.shared, reads: "x\nx" });
    expect(existsSync(join(place.shared, "x"))).toBe(false);
  });
});
