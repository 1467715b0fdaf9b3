// What the folders of a run allow.
import {
  accessSync,
  constants,
  linkSync,
  mkdirSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { SheafError } from "@sheaf/core";
import {
  chooseRung,
  type OverlayVerdict,
  type OwnPath,
  probeOverlay,
  probeOwnPath,
  requireFree,
  type StagingRung,
} from "@sheaf/workdir";
import type { Settings } from "../config/settings.ts";
import type { Finding } from "./finding.ts";

const MIB = 1024 * 1024;

/** Where a run would work. */
export interface FolderRequest {
  /** Real path of the shared directory. */
  readonly dir: string;
  /** Folder of the state of its runs; made for the while where it is not there. */
  readonly stateDir: string;
  readonly settings: Settings;
}

/** Examines the shared directory and the folder of its runs' state, by trying. Leaves nothing behind. */
export async function examineFolder(request: FolderRequest): Promise<readonly Finding[]> {
  const { dir, stateDir } = request;
  try {
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    const made = mkdirSync(stateDir, { recursive: true });
    try {
      const verdict = await probeOverlay(stateDir);
      return [
        inUse(dir),
        staging(request, verdict),
        freezing(request),
        overlays(verdict),
        paths(verdict, verdict.ok ? await probeOwnPath(dir) : null),
        freeSpace(request),
      ];
    } finally {
      if (made !== undefined) removeEmpty(stateDir, made);
    }
  } catch (error) {
    const { code = "", path = dir } = error as NodeJS.ErrnoException;
    if (code === "") throw error;
    const why = `${path} cannot be written to (${code})`;
    return [
      {
        about: "directory",
        grade: "bad",
        what: "cannot be used",
        why,
        better: "give this user the right to write there",
      },
    ];
  }
}

function removeEmpty(stateDir: string, first: string): void {
  try {
    for (let folder = stateDir; folder.length >= first.length; folder = dirname(folder)) rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error; // a run has begun there meanwhile
  }
}

function inUse(dir: string): Finding {
  const about = "directory";
  try {
    for (let folder = dir; ; folder = dirname(folder)) {
      requireFree(folder);
      if (folder === dirname(folder)) break;
    }
    return {
      about,
      grade: "good",
      what: dir,
      why: "it can be read and written, and no run holds it",
      better: null,
    };
  } catch (error) {
    if (!(error instanceof SheafError)) throw error;
    return { about, grade: "limited", what: dir, why: error.message, better: "wait for that run to end" };
  }
}

function staging({ settings }: FolderRequest, verdict: OverlayVerdict): Finding {
  const asked = settings.staging === "auto" ? undefined : settings.staging;
  const { rung, reason } = chooseRung(asked, verdict);
  const better = betterStaging(rung, verdict);
  const grade = better === null ? "good" : "limited";
  return { about: "staging", grade, what: rung, why: `views are ${reason}`, better };
}

function betterStaging(rung: StagingRung, verdict: OverlayVerdict): string | null {
  if (rung === "overlay") return null;
  return verdict.ok ? "leave SHEAF_STAGING at auto, for overlays" : verdict.remedy;
}

function freezing({ dir, stateDir }: FolderRequest): Finding {
  const about = "freezing";
  if (statSync(dir).dev !== statSync(stateDir).dev) {
    const why =
      "the state of runs lies on another file system than the directory, so its files are copied when a run begins";
    return {
      about,
      grade: "limited",
      what: "copies",
      why,
      better: "choose a SHEAF_HOME on the directory's own disk, or none",
    };
  }
  const [file, link] = [
    join(stateDir, `doctor-${process.pid}`),
    join(stateDir, `doctor-${process.pid}-link`),
  ];
  try {
    writeFileSync(file, "");
    linkSync(file, link);
    const why = "a hard link keeps the bytes of each file as they were when a run began";
    return { about, grade: "good", what: "links", why, better: null };
  } catch (error) {
    const why = `this file system makes no hard links (${(error as NodeJS.ErrnoException).code}), so files are copied when a run begins`;
    return { about, grade: "limited", what: "copies", why, better: "work on a local disk" };
  } finally {
    for (const path of [file, link]) rmSync(path, { force: true });
  }
}

function overlays(verdict: OverlayVerdict): Finding {
  const about = "overlays";
  if (!verdict.ok) return { about, grade: "limited", what: "none", why: verdict.why, better: verdict.remedy };
  const by = verdict.how === "ffi" ? "a call of mount(2)" : "the program mount";
  const why = `an overlay was mounted below the state of runs, by ${by}, and did what it should`;
  return {
    about,
    grade: "good",
    what: `work, as ${verdict.as === "root" ? "root" : "an ordinary user"}`,
    why,
    better: null,
  };
}

function paths(verdict: OverlayVerdict, ownPath: OwnPath | null): Finding {
  const about = "paths";
  if (ownPath?.ok === true) {
    const why =
      "a command, or an agent in a process, that is shown everything sees it where it would be without Sheaf";
    return { about, grade: "good", what: "the directory's own", why, better: null };
  }
  const why = ownPath === null ? "only an overlay can be seen at the directory's path" : ownPath.why;
  const better = verdict.ok
    ? "set XDG_CACHE_HOME to a folder of this user outside of the directory"
    : verdict.remedy;
  return { about, grade: "limited", what: "one of each view's own", why, better };
}

function freeSpace({ stateDir, settings }: FolderRequest): Finding {
  const { bavail, bsize } = statfsSync(stateDir);
  const freeMiB = Math.floor((bavail * bsize) / MIB);
  const enough = freeMiB >= settings.minFreeDiskMb;
  return {
    about: "free space",
    grade: enough ? "good" : "bad",
    what: `${freeMiB} MiB`,
    why: `a run leaves at least ${settings.minFreeDiskMb} MiB free on the disk of its state`,
    better: enough
      ? null
      : "free some (`sheaf gc` removes the state of earlier runs), or lower SHEAF_MIN_FREE_DISK_MB",
  };
}
