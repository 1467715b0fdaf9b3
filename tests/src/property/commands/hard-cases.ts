// Cases that once came out wrong: the script leaves no trace of what it had looked at, or none was recorded.
import type { ScriptCase } from "./cases.ts";
import type { SmallChange } from "./trees.ts";

interface HardCase extends ScriptCase {
  readonly what: string;
}

const file = { text: "one\n", mode: 0o644 };
const empty = { children: {}, mode: 0o755 };
const put = (path: string, mode = 0o644): SmallChange => ({ op: "put", path, node: { ...file, mode } });
const chmod = (path: string, mode: number): SmallChange => ({ op: "chmod", path, mode });
const remove = (path: string): SmallChange => ({ op: "remove", path });

export const HARD_CASES: readonly HardCase[] = [
  {
    what: "sets the mode of a folder to what it was",
    nodes: { d: empty },
    script: "chmod 755 d",
    earlier: [[chmod("d", 0o700)]],
  },
  {
    what: "removes a folder and makes it anew",
    nodes: { d: empty },
    script: "rmdir d; mkdir d",
    earlier: [[chmod("d", 0o700)]],
  },
  {
    what: "makes a file with an unusual umask",
    nodes: { b: file },
    script: "umask 077; echo x > a",
    earlier: [[put("a")]],
  },
  {
    what: "overwrites a file with an unusual umask",
    nodes: { a: file },
    script: "umask 077; echo x > a",
    earlier: [[remove("a")]],
  },
  {
    what: "asks for the disk of a file",
    nodes: { b: file },
    script: "stat -fc %l a",
    earlier: [[put("a")]],
  },
  {
    what: "sets an attribute",
    nodes: { a: file },
    script: '/usr/bin/python3 -I -c \'import os; os.setxattr("b", "user.x", b"1")\'',
    earlier: [[put("b")]],
  },
  {
    what: "goes through a folder and back",
    nodes: { a: file, d: empty },
    script: "cat d/../a",
    earlier: [[remove("d")], [{ op: "put", path: "d", node: file }]],
  },
  {
    what: "goes through a folder that is not there and back",
    nodes: { a: file },
    script: "cat d/../a",
    earlier: [[{ op: "put", path: "d", node: empty }]],
  },
  {
    what: "makes a folder in one that gives its group on",
    nodes: { d: empty },
    script: "mkdir d/e",
    earlier: [[chmod("d", 0o2755)]],
  },
];
