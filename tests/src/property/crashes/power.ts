// A power switch between this process and its disk: what a run changes is counted, and after so many changes nothing
// reaches the disk any more, as if the process had died. Whatever the run does then is in vain.
import { readlinkSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";

const CHANGING = [
  ...["appendFileSync", "chmodSync", "copyFileSync", "ftruncateSync", "linkSync", "mkdirSync", "mkdtempSync"],
  ...[
    "openSync",
    "renameSync",
    "rmSync",
    "rmdirSync",
    "symlinkSync",
    "truncateSync",
    "unlinkSync",
    "utimesSync",
  ],
  ...["writeFileSync", "writeSync"],
] as const;

type Call = (...args: unknown[]) => unknown;

/** Thrown by every change after the cut. */
class PowerCut extends Error {
  override readonly name = "PowerCut";
}

// Views belong to the programs; hints and rubbish are nobody's result.
const UNCOUNTED = /\/\.sheaf\/(runs\/[^/]+\/(tasks|trash)(\/|$)|(durations|learned)\.json|lock\.db|holder$)/;

interface Switch {
  readonly root: string;
  /** Changes that still reach the disk. */
  left: number;
  made: number;
}

let on: Switch | null = null;

function pathOf(target: unknown): string {
  if (typeof target !== "number") return String(target);
  try {
    return readlinkSync(`/proc/self/fd/${target}`);
  } catch {
    return "";
  }
}

/** Counts one change, or refuses it. A rename or link is where it leads to. */
function pass(name: string, args: readonly unknown[]): void {
  if (on === null) return;
  if (name === "openSync" && (args[1] === undefined || args[1] === "r")) return;
  const two =
    name === "renameSync" || name === "linkSync" || name === "copyFileSync" || name === "symlinkSync";
  const path = pathOf(args[two ? 1 : 0]);
  if (path !== on.root && !path.startsWith(`${on.root}/`)) return;
  if (on.left === 0) throw new PowerCut(`${name} ${path.slice(on.root.length + 1)}`);
  if (UNCOUNTED.test(path)) return;
  on.left -= 1;
  on.made += 1;
}

const require = createRequire(import.meta.url);
const fs = require("node:fs") as Record<string, Call>;
for (const name of CHANGING) {
  const real = fs[name]!;
  // Called one inside the other, as by a hook, it is one change.
  fs[name] = function (this: unknown, ...args: unknown[]) {
    pass(name, args);
    const within = on;
    on = null;
    try {
      return real.apply(this, args);
    } finally {
      on = within;
    }
  };
}
syncBuiltinESMExports();

const workdir = createRequire(
  fileURLToPath(new URL("../../../../packages/workdir/package.json", import.meta.url)),
);
const extra = workdir("fs-extra") as { remove: (path: string) => Promise<void> };
const { remove } = extra;
extra.remove = async (path) => {
  pass("remove", [path]);
  await remove(path);
};

/** What was done under a power switch. */
export interface Powered<T> {
  /** Changes that reached the disk. */
  readonly changes: number;
  /** Whether the power was cut before the end. */
  readonly cut: boolean;
  /** What came of it; null where it was rejected. */
  readonly value: T | null;
}

/** Does something that changes files below a folder; after so many changes the power is cut. */
export async function cutAfter<T>(
  changes: number,
  root: string,
  act: () => PromiseLike<T>,
): Promise<Powered<T>> {
  const own: Switch = { root, left: changes, made: 0 };
  on = own;
  try {
    const value = await act();
    return { changes: own.made, cut: own.left === 0, value };
  } catch (error) {
    if (own.left > 0) throw error;
    return { changes: own.made, cut: true, value: null };
  } finally {
    on = null;
  }
}
