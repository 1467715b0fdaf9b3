import { cases } from "@sheaf/testkit";
import { commandInside, type OverlayChange } from "@sheaf/workdir";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DrivenHost, hostAs, type Place, placeOf, users } from "./driven-host.ts";

const shell = (script: string): readonly string[] => ["sh", "-c", script];

async function changesOf(
  host: DrivenHost,
  place: Place,
  lower: readonly string[],
  script: string,
): Promise<readonly string[]> {
  const request = place.view(`view-${lower.length}`, lower);
  await host.mount(request);
  const { err } = host.run(commandInside(host, request.at, shell(script)));
  expect(err).toBe("");
  const changes = await host.changes(request.at, request.upper);
  await host.unmount(request.at);
  return changes.map(({ path, kind }) => `${kind} ${path}`).sort();
}

// What a random task does to a path. `-d` and others keep it from failing.
const OPERATIONS = {
  write: 'mkdir -p "$(dirname $p)"; [ -d $p ] || { rm -f $p; echo x > $p; }',
  append: "[ ! -f $p ] || echo x >> $p",
  remove: "rm -rf $p",
  mkdir: "mkdir -p $p",
  again: "[ ! -d $p ] || { rm -rf $p; mkdir $p; }",
  link: "rm -rf $p; ln -s nowhere $p",
  chmod: "[ ! -d $p ] || [ -L $p ] || chmod 751 $p",
  pipe: "rm -rf $p; mkfifo $p",
} as const;

type Operation = { readonly op: keyof typeof OPERATIONS; readonly path: string };

const scriptOf = (operations: readonly Operation[]): string =>
  operations.map(({ op, path }) => `{ p=${path}; ${OPERATIONS[op]}; } 2> /dev/null`).join("\n");

// "%y" is f, d or l; the modes of folders alone are compared. Pipes are no entries.
const LIST =
  "find . -mindepth 1 \\( -type d -printf 'd%m %P\\n' -o -type f -printf 'f %P\\n' -o -type l -printf 'l %P\\n' \\)";

const listing = (text: string): Map<string, string> =>
  new Map(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ").reverse() as [string, string]),
  );

/** Paths and kinds after the changes, as far as the changes say; folders' modes are not among what they say. */
function apply(
  before: ReadonlyMap<string, string>,
  changes: readonly OverlayChange[],
): ReadonlyMap<string, string> {
  const after = new Map(before);
  for (const { path, kind } of changes) {
    const replaces = kind !== "dir" || !after.get(path)?.startsWith("d");
    if (replaces)
      for (const other of after.keys()) if (`${other}/`.startsWith(`${path}/`)) after.delete(other);
    if (kind !== "gone") after.set(path, kind === "dir" ? "d" : kind === "file" ? "f" : "l");
  }
  return after;
}

const kinds = (all: ReadonlyMap<string, string>): readonly string[] =>
  [...all].map(([path, kind]) => `${kind[0]} ${path}`).sort();

describe.each(users())("as $who", ({ uid, skip }) => {
  test.skipIf(skip)("each kind of change is told, over one layer and over several", async () => {
    using place = placeOf(uid);
    const base = {
      "d/a": "",
      "d/b": "",
      "d/e/f": "",
      gone: "",
      "gone-dir/x": "",
      "to-file/x": "",
      "to-dir": "",
      link: { link: "a" },
      touched: "",
      "mode/x": "",
      "again/x": "",
      "again/y/z": "",
      "deep/er/x": "",
    };
    place.write("base", base);
    place.write("below", base);
    place.write("between", {});
    await using host = await hostAs(uid);
    const script = `
      echo x >> d/a; rm gone; rm -r gone-dir; rm -r to-file; echo x > to-file; rm to-dir; mkdir to-dir
      echo x > to-dir/x; ln -sf b link; touch touched; chmod 700 mode; rm -r again; mkdir again; echo x > again/x; rm -r deep/er; mkdir deep/er
      mkdir -p new/empty; echo x > made; rm made; ln -s nowhere new/link; mkfifo new/pipe; rm d/b; mkfifo d/b`;
    const told = [
      "dir mode",
      "dir new",
      "dir new/empty",
      "dir to-dir",
      "file again/x",
      "file d/a",
      "file to-dir/x",
      "file to-file",
      "file touched",
      "gone again/y",
      "gone d/b",
      "gone deep/er/x",
      "gone gone",
      "gone gone-dir",
      "link link",
      "link new/link",
    ];
    expect(await changesOf(host, place, ["base"], script)).toEqual(told);
    expect(await changesOf(host, place, ["between", "below"], script)).toEqual(told);
  });

  test.skipIf(skip)("names with newlines and without meaning in UTF-8 are told byte by byte", async () => {
    using place = placeOf(uid);
    place.write("base", { x: "" });
    await using host = await hostAs(uid);
    const first = place.view("first", ["base"]);
    await host.mount(first);
    const make = `mkdir "$(printf 'd\\377')"; echo > "$(printf 'd\\377/a\\nb')"; echo > "$(printf 'a\\376')"; echo > ü`;
    expect(host.run(commandInside(host, first.at, shell(make))).err).toBe("");
    const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
    const told = (changes: readonly OverlayChange[]): readonly unknown[] =>
      changes
        .map((change) => ({ ...change, ...(change.bytes && { bytes: new Uint8Array(change.bytes) }) }))
        .sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(told(await host.changes(first.at, first.upper))).toEqual([
      { path: "a\ufffd", kind: "file", bytes: bytes("a\xfe") },
      { path: "d\ufffd", kind: "dir", bytes: bytes("d\xff") },
      { path: "d\ufffd/a\nb", kind: "file", bytes: bytes("d\xff/a\nb") },
      { path: "ü", kind: "file" },
    ]);
    await host.unmount(first.at);
    const second = place.view("second", ["first/upper", "base"]);
    await host.mount(second);
    host.run(commandInside(host, second.at, shell(`rm -r "$(printf 'd\\377')" ü`)));
    expect(told(await host.changes(second.at, second.upper))).toEqual([
      { path: "d\ufffd", kind: "gone", bytes: bytes("d\xff") },
      { path: "ü", kind: "gone" },
    ]);
    await host.unmount(second.at);
  });

  test.skipIf(skip)("20,000 new files and a folder of 20,000 of which one goes are told", async () => {
    using place = placeOf(uid);
    place.write("base", { "many/": "" });
    await using host = await hostAs(uid);
    const make = (folder: string): string => `cd ${folder} && seq 20000 | xargs touch`;
    const first = place.view("first", ["base"]);
    await host.mount(first);
    host.run(commandInside(host, first.at, shell(make("many"))));
    const made = await host.changes(first.at, first.upper);
    expect(made).toHaveLength(20_000);
    expect(new Set(made.map(({ path, kind }) => `${kind} ${path}`)).has("file many/19999")).toBe(true);
    await host.unmount(first.at);
    const second = place.view("second", ["first/upper", "base"]);
    await host.mount(second);
    host.run(commandInside(host, second.at, shell("rm many/777")));
    expect(await host.changes(second.at, second.upper)).toEqual([{ path: "many/777", kind: "gone" }]);
    await host.unmount(second.at);
  });

  // Each layer is the upper of a mount over those before it: whiteouts and opaque folders lie in the lower layers too.
  test.skipIf(skip)("whatever tasks do, the changes lead from what was below to what is seen", async () => {
    using place = placeOf(uid);
    await using host = await hostAs(uid);
    const path = fc
      .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join("/"));
    const operation = fc.record({
      op: fc.constantFrom(...(Object.keys(OPERATIONS) as Operation["op"][])),
      path,
    });
    const tasks = fc.array(fc.array(operation, { maxLength: 8 }), { minLength: 1, maxLength: 4 });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(tasks, async (list) => {
        const name = `case-${number++}`;
        place.write(`${name}/base`, { "a/a/a": "", "a/b": "", "b/a": "", c: "" });
        const lower = [`${name}/base`];
        for (const [i, operations] of list.entries()) {
          const request = place.view(`${name}/${i}`, lower);
          await host.mount(request);
          const script = `${LIST}; echo //; ${scriptOf(operations)}\n ${LIST}; true`;
          const { out, status } = host.run(commandInside(host, request.at, shell(script)));
          expect(status).toBe(0);
          const [before, after] = out.split("//\n").map(listing) as [
            Map<string, string>,
            Map<string, string>,
          ];
          const changes = await host.changes(request.at, request.upper);
          await host.unmount(request.at);
          expect(kinds(apply(before, changes))).toEqual(kinds(after));
          const told = new Set(changes.map((change) => change.path));
          for (const [where, kind] of after) {
            if (kind.startsWith("d") && before.get(where) !== kind) expect(told).toContain(where);
          }
          lower.unshift(`${name}/${i}/upper`);
        }
      }),
      cases({ ci: 8, deep: 200 }),
    );
  });
});
