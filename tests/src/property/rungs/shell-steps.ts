// Writes the steps of a program as a script for `sh`, in which every change is a program of its own.
import type { Step } from "../observed/step.ts";

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const octal = (mode: number): string => mode.toString(8).padStart(3, "0");

// `s` is what was seen so far. A folder moves only where nothing is in its way: mv would copy into what is.
const PRELUDE = `
see() { s="$s|$1"; }
did() { if "$@" 2>/dev/null </dev/null; then see ok; else see no; fi; }
looked() { v=$("$@" 2>/dev/null) && see "$v" || see no; }
sum() { set -- $(printf %s "$s" | cksum); printf %s "$1"; }
put() { printf %s "$2" > "$1"; }
add() { printf %s "$2" >> "$1"; }
make() { (set -C; printf %s "$2" > "$1"); }
move() {
  if [ -d "$1" ] && [ ! -h "$1" ]; then
    if [ -e "$2" ] || [ -h "$2" ]; then return 1; fi
  fi
  mv -T "$1" "$2"
}
LC_ALL=C
export LC_ALL
`;

const textOf = (text: string | null): string => (text === null ? '"$(sum)"' : quoted(text));

function line(step: Step): string {
  if (step.op === "fail") return `if [ $(($(sum) % ${step.every})) -eq 0 ]; then exit 3; fi`;
  const path = quoted(step.path === "" ? "." : step.path);
  switch (step.op) {
    case "read":
      return `looked cat ${path}`;
    case "exists":
      return `did test -e ${path}`;
    case "stat":
      return `looked stat -L -c '%F %a' ${path}`;
    case "lstat":
      return `looked stat -c '%F %a' ${path}`;
    case "list":
      return `looked ls -A ${path}`;
    case "readlink":
      return `looked readlink ${path}`;
    case "write":
      return `did put ${path} ${textOf(step.text)}`;
    case "create":
      return `did make ${path} ${textOf(step.text)}`;
    case "append":
      return `did add ${path} ${textOf(step.text)}`;
    case "truncate":
      return `did truncate -c -s ${step.bytes} ${path}`;
    case "unlink":
      return `did unlink ${path}`;
    case "rmdir":
      return `did rmdir ${path}`;
    case "empty":
      return `did rm -rf ${path}`;
    case "chmod":
      return `did chmod ${octal(step.mode)} ${path}`;
    case "mkdir":
      return `did mkdir ${step.recursive ? "-p " : ""}${step.mode === undefined ? "" : `-m ${octal(step.mode)} `}${path}`;
    case "symlink":
      return `did ln -sT ${quoted(step.target)} ${path}`;
    case "rename":
      return `did move ${path} ${quoted(step.to)}`;
    case "copy":
      return `did cp -T ${path} ${quoted(step.to)}`;
    default:
      return step satisfies never;
  }
}

/** Returns a program as a script; it prints what it saw, in a few digits. */
export function shellSteps(id: string, steps: readonly Step[], delayMs: number): string {
  const pause = delayMs === 0 ? [] : [`sleep ${delayMs / 1_000}`];
  return [PRELUDE, `s=${id}`, ...pause, ...steps.map(line), "sum", "echo"].join("\n");
}
