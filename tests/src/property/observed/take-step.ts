// Performs steps with nothing but node:fs. What went wrong is seen as well as what went right.
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Program, Step } from "./step.ts";

type FileStep = Exclude<Step, { readonly op: "fail" }>;

const mix = (...parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);

// Sizes and times of folders are the file system's own affair.
const sayStat = (stat: Stats): string => {
  if (stat.isSymbolicLink()) return "link";
  return stat.isDirectory() ? `folder ${stat.mode}` : `file ${stat.mode} ${stat.size}`;
};

function act(root: string, step: FileStep, seen: string): string | void {
  const full = join(root, step.path);
  switch (step.op) {
    case "read":
      return readFileSync(full, "latin1");
    case "exists":
      return String(existsSync(full));
    case "stat":
      return sayStat(statSync(full));
    case "lstat":
      return sayStat(lstatSync(full));
    case "list":
      return readdirSync(full).sort().join(",");
    case "readlink":
      return readlinkSync(full);
    case "write":
      return writeFileSync(full, step.text ?? seen);
    case "append":
      return appendFileSync(full, step.text ?? seen);
    case "truncate":
      return truncateSync(full, step.bytes);
    case "unlink":
      return unlinkSync(full);
    case "rmdir":
      return rmdirSync(full);
    case "empty":
      return rmSync(full, { recursive: true, force: true });
    case "chmod":
      return chmodSync(full, step.mode);
    case "mkdir":
      return void mkdirSync(full, { recursive: step.recursive });
    case "symlink":
      return symlinkSync(step.target, full);
    case "rename":
      return renameSync(full, join(root, step.to));
    case "copy":
      return copyFileSync(full, join(root, step.to));
    default:
      return step satisfies never;
  }
}

function outcomeOf(root: string, step: FileStep, seen: string): string {
  try {
    return act(root, step, seen) ?? "";
  } catch (error) {
    return `error ${(error as NodeJS.ErrnoException).code}`;
  }
}

/** Does something to files; whoever watches does so around `act`. */
export type Around = (step: FileStep, act: () => string) => string;

/** A program on its way: each call takes one step. */
export interface Walk {
  /** Takes the next step; false when there is none left. Throws where the program fails. */
  next(): boolean;
  /** What was seen so far, in a few letters. */
  seen(): string;
}

/** Begins a program in a folder. */
export function walk(root: string, program: Program, around: Around = (_, act) => act()): Walk {
  let seen = program.id;
  let at = 0;
  return {
    seen: () => seen,
    next() {
      const step = program.steps[at++];
      if (step === undefined) return false;
      if (step.op === "fail") {
        if (Number.parseInt(seen.slice(0, 6), 16) % step.every === 0) throw new Error(`fails at ${seen}`);
        return true;
      }
      seen = mix(
        seen,
        step.op,
        step.path,
        around(step, () => outcomeOf(root, step, seen)),
      );
      return true;
    },
  };
}
