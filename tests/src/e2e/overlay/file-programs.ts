// Work on files, to be done by a shell or by the agent of fixtures/file-ops.mjs.
import type { Files } from "@sheaf/testkit";

/** One operation and its arguments. */
type Op = readonly [name: string, ...args: string[]];

export interface FileProgram {
  readonly id: string;
  readonly ops: readonly Op[];
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const SHELL: { readonly [name: string]: (...args: string[]) => string } = {
  write: (path, text) => `printf %s ${text} > ${path}`,
  append: (path, text) => `printf %s ${text} >> ${path}`,
  join: (to, ...from) => `cat ${from.join(" ")} > ${to}`,
  remove: (path) => `rm -r ${path}`,
  folder: (path) => `mkdir ${path}`,
  rename: (from, to) => `mv ${from} ${to}`,
  mode: (path, mode) => `chmod ${mode} ${path}`,
  link: (path, target) => `ln -s ${target} ${path}`,
  twin: (from, to) => `ln ${from} ${to}`,
  touch: (path) => `touch ${path}`,
  list: (folder, to) => `names=$(LC_ALL=C ls -A ${folder}); printf '%s\\n' "$names" > ${to}`,
  many: (folder, count) =>
    `mkdir ${folder}; i=0; while [ $i -lt ${count} ]; do echo $i > ${folder}/$i; i=$((i+1)); done`,
  unless: (path, to) => `cat ${path} > /dev/null || echo could not be read > ${to}`,
};

/** Returns a program as a script for `sh -e`. */
export const shellOf = ({ ops }: FileProgram): string =>
  ["set -e", ...ops.map(([name, ...args]) => SHELL[name]!(...args.map(quoted)))].join("\n");

export const START: Files = {
  "d/a": "a\n",
  "d/b": "b\n",
  "d/deep/c": "c\n",
  "f/x": "x\n",
  "f/y": "y\n",
  "g/old": "old\n",
  "g/same": "same\n",
  "h/in": "in\n",
  l: { link: "d/a" },
  "tool.sh": { text: "#!/bin/sh\necho hi\n", mode: 0o755 },
  "a file, with: odd\\ 'names'/ü": "odd\n",
  "empty/": "",
};

export const PROGRAMS: readonly FileProgram[] = [
  {
    id: "writes",
    ops: [
      ["append", "d/a", "more\n"],
      ["write", "new", "n"],
      ["mode", "d/b", "600"],
    ],
  },
  {
    id: "folder-to-file",
    ops: [
      ["remove", "d"],
      ["write", "d", "a file\n"],
    ],
  },
  {
    id: "file-to-folder",
    ops: [
      ["remove", "d"],
      ["folder", "d"],
      ["write", "d/z", "back\n"],
    ],
  },
  {
    id: "renames",
    ops: [
      ["rename", "f/x", "f/y"],
      ["rename", "f/y", "f/z"],
      ["list", "f", "listing"],
    ],
  },
  {
    id: "remakes",
    ops: [
      ["remove", "g"],
      ["folder", "g"],
      ["write", "g/same", "same\n"],
    ],
  },
  {
    id: "links",
    ops: [
      ["link", "g/link", "../d/z"],
      ["link", "dangling", "no/where"],
      ["remove", "l"],
      ["folder", "l"],
      ["write", "l/in", "1"],
    ],
  },
  {
    id: "folder-to-link",
    ops: [
      ["remove", "h"],
      ["link", "h", "g"],
    ],
  },
  {
    id: "through-link",
    ops: [
      ["append", "h/same", "through\n"],
      ["join", "all", "d/z", "g/link", "f/z"],
    ],
  },
  {
    id: "modes",
    ops: [
      ["mode", "empty", "750"],
      ["mode", "g", "700"],
      ["touch", "d/z"],
      ["touch", "f/z"],
    ],
  },
  {
    id: "locked",
    ops: [
      ["mode", "new", "000"],
      ["unless", "new", "denied"],
      ["mode", "new", "444"],
      ["write", "own", "1"],
    ],
  },
  {
    id: "link-to-folder",
    ops: [
      ["remove", "h"],
      ["folder", "h"],
      ["folder", "h/h"],
      ["write", "h/h/i", "i"],
    ],
  },
  {
    id: "twins",
    ops: [
      ["twin", "d/z", "d/twin"],
      ["append", "d/twin", "both\n"],
    ],
  },
  {
    id: "odd",
    ops: [
      ["append", "a file, with: odd\\ 'names'/ü", "more"],
      ["folder", "a file, with: odd\\ 'names'/ "],
    ],
  },
  {
    id: "undone",
    ops: [
      ["write", "gone", "1"],
      ["remove", "gone"],
      ["remove", "own"],
      ["write", "own", "1"],
    ],
  },
  {
    id: "last",
    ops: [
      ["list", ".", "top"],
      ["list", "h/h", "below"],
      ["remove", "empty"],
    ],
  },
];
