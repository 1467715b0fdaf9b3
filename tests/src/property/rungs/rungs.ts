// The rungs that views are made on, each as a user, and why one does not come up here.
import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, chownSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StagingRung } from "@sheaf/workdir";

const DRIVER = fileURLToPath(new URL("./rung-driver.mjs", import.meta.url));
const NOBODY = 65_534;
const ownUid = process.getuid?.() ?? 0;

export interface Rung {
  readonly name: string;
  readonly staging: StagingRung;
  /** User that owns the folders. */
  readonly uid: number;
}

const ordinary = ownUid === 0 ? NOBODY : ownUid;

export const RUNGS: readonly Rung[] = [
  { name: "overlay as root", staging: "overlay", uid: 0 },
  { name: "overlay as an ordinary user", staging: "overlay", uid: ordinary },
  { name: "hardlink as an ordinary user", staging: "hardlink", uid: ordinary },
  { name: "copy", staging: "copy", uid: ownUid },
];

/** A folder that belongs to the user of a rung. */
export interface RungPlace {
  readonly path: string;
  [Symbol.dispose](): void;
}

export function placeOn({ uid }: Rung): RungPlace {
  const path = mkdtempSync(join(tmpdir(), "sheaf-rung-"));
  chmodSync(path, 0o755);
  if (uid !== ownUid) chownSync(path, uid, uid);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Command line of the driver on a rung. */
export const driverOn = ({ uid }: Rung, place: string, nodeArgs: readonly string[]): readonly string[] => [
  ...[process.execPath, ...nodeArgs],
  ...[DRIVER, String(uid), place],
];

function unreadable({ uid }: Rung): string | null {
  if (uid === ownUid) return accessible(DRIVER);
  const script =
    "import(process.argv[1]).catch((error) => { console.error(String(error)); process.exit(1); })";
  const file = join(dirname(DRIVER), "node-steps.mjs");
  const read = spawnSync(process.execPath, ["-e", script, file], {
    uid,
    gid: uid,
    encoding: "utf8",
    cwd: "/",
  });
  return read.status === 0 ? null : `user ${uid} cannot read the checkout: ${read.stderr.trim()}`;
}

function accessible(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return String(error);
  }
}

/** Returns why a rung cannot come up on this machine, or null where it may; runOnRung finds out the rest. */
export function whyNot(rung: Rung): string | null {
  if (process.platform !== "linux") return "real programs are tracked on Linux only";
  if (rung.uid === 0 && ownUid !== 0) return "the tests do not run as root";
  return unreadable(rung);
}

/** Tells whether a rung must come up where everything is checked. Nobody can become root. */
export const isMandatory = ({ uid }: Rung): boolean =>
  process.env.CI !== undefined && process.platform === "linux" && (uid !== 0 || ownUid === 0);
