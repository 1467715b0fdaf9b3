// Random folders over few paths, and the small changes that an earlier task makes to one.
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";

/** What stands at one path. */
type Node =
  | { readonly text: string; readonly mode: number }
  | { readonly link: string }
  | { readonly children: Nodes; readonly mode: number };
export type Nodes = Readonly<Record<string, Node>>;

/** A small change, made without looking: where it cannot be made, it is none. */
export type SmallChange =
  | { readonly op: "put"; readonly path: string; readonly node: Node }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "chmod"; readonly path: string; readonly mode: number }
  | { readonly op: "rename"; readonly path: string; readonly to: string };

/** What scripts and changes name. */
export const PATHS: readonly string[] = [
  "a",
  "b",
  "c.x",
  "d",
  "e",
  "l",
  "d/a",
  "d/b.x",
  "d/e",
  "d/e/a",
  "e/a",
  "l/a",
  "d/l",
];
export const text: fc.Arbitrary<string> = fc.constantFrom("one\n", "", "one\ntwo\n", "two\none\n", "b\n");
const fileMode = fc.constantFrom(0o644, 0o644, 0o600, 0o755, 0o444);
const folderMode = fc.constantFrom(0o755, 0o755, 0o700, 0o2755);

const file = fc.record({ text, mode: fileMode });
const link = fc.record({ link: fc.constantFrom("a", "d", "nowhere", "../a", "b", "e", "d/e", ".") });
const empty = fc.record({ children: fc.constant<Nodes>({}), mode: folderMode });

type Weights = readonly [nothing: number, file: number, link: number, folder: number];

function node([nothing, files, links, folders]: Weights, folder: fc.Arbitrary<Node>) {
  return fc.oneof(
    { weight: nothing, arbitrary: fc.constant(null) },
    { weight: files, arbitrary: file },
    { weight: links, arbitrary: link },
    { weight: folders, arbitrary: folder },
  );
}

const present = (nodes: Readonly<Record<string, Node | null>>): Nodes =>
  Object.fromEntries(Object.entries(nodes).flatMap(([name, each]) => (each === null ? [] : [[name, each]])));

const folderOf = (children: Readonly<Record<string, fc.Arbitrary<Node | null>>>): fc.Arbitrary<Node> =>
  fc.record({ children: fc.record(children).map(present), mode: folderMode });

const low = folderOf({ a: node([4, 3, 1, 0], empty) });
const middle = folderOf({
  a: node([2, 4, 1, 1], empty),
  "b.x": node([2, 2, 0, 0], empty),
  e: node([2, 1, 0, 3], low),
  l: node([4, 0, 1, 0], empty),
});

/** What a folder holds. */
export const nodes: fc.Arbitrary<Nodes> = fc
  .record({
    a: node([1, 6, 1, 1], low),
    b: node([2, 4, 1, 1], low),
    "c.x": node([3, 3, 0, 1], empty),
    d: node([1, 1, 0, 8], middle),
    e: node([3, 1, 1, 3], low),
    l: node([3, 0, 3, 0], empty),
  })
  .map(present);

const any = node([0, 5, 2, 3], low).map((each) => each!);
const is = <T extends string>(op: T): fc.Arbitrary<T> => fc.constant(op);
const newMode = fc.constantFrom(0o755, 0o700, 0o2755, 0o644, 0o600);

/** A change of the files at some paths. */
export const changeOf = (path: fc.Arbitrary<string>): fc.Arbitrary<SmallChange> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ op: is("put"), path, node: any }) },
    { weight: 3, arbitrary: fc.record({ op: is("remove"), path }) },
    { weight: 3, arbitrary: fc.record({ op: is("chmod"), path, mode: newMode }) },
    { weight: 1, arbitrary: fc.record({ op: is("rename"), path, to: path }) },
  );

/** Writes what a folder is to hold. */
export function writeNodes(folder: string, nodes: Nodes): void {
  for (const [name, each] of Object.entries(nodes)) writeNode(join(folder, name), each);
}

function writeNode(at: string, each: Node): void {
  if ("link" in each) {
    symlinkSync(each.link, at);
    return;
  }
  if ("children" in each) {
    mkdirSync(at);
    writeNodes(at, each.children);
  } else writeFileSync(at, each.text);
  chmodSync(at, each.mode);
}

/** Makes a change below `root`, as far as that is possible there. */
export function makeChange(root: string, change: SmallChange): void {
  const at = join(root, change.path);
  try {
    switch (change.op) {
      case "put":
        lstatSync(join(at, ".."));
        rmSync(at, { recursive: true, force: true });
        writeNode(at, change.node);
        break;
      case "remove":
        rmSync(at, { recursive: true });
        break;
      case "chmod": {
        // A folder stays one that its owner may use: a view shows no other.
        const stat = lstatSync(at);
        if (!stat.isSymbolicLink()) chmodSync(at, stat.isDirectory() ? change.mode | 0o700 : change.mode);
        break;
      }
      case "rename":
        renameSync(at, join(root, change.to));
        break;
      default:
        change satisfies never;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Gives everything below a folder one time: times are not what is compared. */
export function setTimes(folder: string): void {
  for (const name of readdirSync(folder)) {
    const at = join(folder, name);
    if (lstatSync(at).isDirectory()) setTimes(at);
    lutimesSync(at, 1_000_000_000, 1_000_000_000);
  }
}
