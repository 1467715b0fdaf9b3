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

const LOOKS: { readonly [op in Step["op"]]?: (full: string) => string } = {
  read: (full) => readFileSync(full, "latin1"),
  exists: (full) => String(existsSync(full)),
  stat: (full) => sayStat(statSync(full)),
  lstat: (full) => sayStat(lstatSync(full)),
  list: (full) => readdirSync(full).sort().join(","),
  readlink: (full) => readlinkSync(full),
};

type Changing = Exclude<
  FileStep,
  { readonly op: "read" | "exists" | "stat" | "lstat" | "list" | "readlink" }
>;

function change(root: string, step: Changing, seen: string): void {
  const full = join(root, step.path);
  // Leaving a mode out is not the same as giving one.
  const mode = "mode" in step && step.mode !== undefined ? { mode: step.mode } : {};
  switch (step.op) {
    case "write":
      writeFileSync(full, step.text ?? seen, mode);
      break;
    case "create":
      writeFileSync(full, step.text ?? seen, { flag: "wx" });
      break;
    case "append":
      appendFileSync(full, step.text ?? seen);
      break;
    case "truncate":
      truncateSync(full, step.bytes);
      break;
    case "unlink":
      unlinkSync(full);
      break;
    case "rmdir":
      rmdirSync(full);
      break;
    case "empty":
      rmSync(full, { recursive: true, force: true });
      break;
    case "chmod":
      chmodSync(full, step.mode);
      break;
    case "mkdir":
      mkdirSync(full, { recursive: step.recursive, ...mode });
      break;
    case "symlink":
      symlinkSync(step.target, full);
      break;
    case "rename":
      renameSync(full, join(root, step.to));
      break;
    case "copy":
      copyFileSync(full, join(root, step.to));
      break;
    default:
      step satisfies never;
  }
}

function outcomeOf(root: string, step: FileStep, seen: string): string {
  try {
    const look = LOOKS[step.op];
    if (look !== undefined) return look(join(root, step.path));
    change(root, step as Changing, seen);
    return "";
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
