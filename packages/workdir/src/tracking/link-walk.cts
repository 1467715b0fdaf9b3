// Finds the links on the way of a path, as the kernel follows them, and remembers which folders are plain.
import type { Stats } from "node:fs";

const { lstatSync, readlinkSync } = require("node:fs") as typeof import("node:fs");
const { posix } = require("node:path") as typeof import("node:path");

/** Is told of what lies on the way of a path. */
interface OnTheWay {
  link(path: string): void;
  /** A folder that is entered only to leave it by "..", which fails where there is none. */
  left(path: string): void;
}

interface LinkWalk {
  /**
   * Returns where an absolute path leads. What is on the way is told to `onTheWay`, what is above a folder once until
   * it is forgotten; the last part is followed only if `follow`. What is absent leads to where it would be.
   */
  leadsTo(path: string, follow: boolean, onTheWay: OnTheWay): string;
  /** Tells whether an absolute path is known to lead through a link above its last part. */
  isBehindLink(path: string): boolean;
  /** Forgets what is known about folders; to be called when links or folders may have changed. */
  forget(): void;
}

export interface LinkWalkModule {
  linkWalk(): LinkWalk;
  /** Tells whether an absolute path has no empty parts, no "." and no "..". */
  isEven(path: string): boolean;
}

const NOT_THROWING = { throwIfNoEntry: false } as const;
/** As many as Linux follows before it gives up. */
const MOST_LINKS = 40;
const UNEVEN = /\/(?:\.{1,2})?(?:\/|$)/;

const isEven = (path: string): boolean => !UNEVEN.test(path);

type Entry = "link" | "folder" | "other";

function entryAt(path: string): Entry {
  let stats: Stats | undefined;
  try {
    stats = lstatSync(path, NOT_THROWING);
  } catch {
    return "other";
  }
  if (stats === undefined) return "other";
  if (stats.isSymbolicLink()) return "link";
  return stats.isDirectory() ? "folder" : "other";
}

function linkWalk(): LinkWalk {
  const plain = new Set<string>();
  /** Folders behind links, as they were given, and where they are. */
  const behind = new Map<string, string>();

  const look = (path: string): Entry => {
    if (plain.has(path)) return "folder";
    const entry = entryAt(path);
    if (entry === "folder") plain.add(path);
    return entry;
  };

  /** Takes the parts one by one; `at` is the place reached, "" for the top. */
  const walk = (path: string, follow: boolean, onTheWay: OnTheWay): string => {
    const rest = path.split("/").reverse();
    let at = "";
    let links = 0;
    while (rest.length > 0) {
      const part = rest.pop()!;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (at !== "") onTheWay.left(at);
        at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
        continue;
      }
      const next = `${at}/${part}`;
      // A slash at the end makes the kernel follow even the last part, so only nothing at all counts as the end.
      if ((rest.length === 0 && !follow) || look(next) !== "link") {
        at = next;
        continue;
      }
      onTheWay.link(next);
      if (++links > MOST_LINKS) return next;
      const target = readlinkSync(next);
      if (target.startsWith("/")) at = "";
      rest.push(...target.split("/").reverse());
    }
    return at === "" ? "/" : at;
  };

  /** Returns where a folder is; undefined where it is none. */
  const placeOf = (folder: string, onTheWay: OnTheWay): string | undefined => {
    if (plain.has(folder)) return folder;
    const known = behind.get(folder);
    if (known !== undefined || folder === "") return known;
    const end = walk(folder, true, onTheWay);
    if (!plain.has(end)) return undefined;
    if (end !== folder) behind.set(folder, end);
    return end;
  };

  return {
    leadsTo(path, follow, onTheWay) {
      if (!isEven(path)) return posix.normalize(walk(path, follow, onTheWay));
      const slash = path.lastIndexOf("/");
      const folder = path.slice(0, slash);
      const place = placeOf(folder, onTheWay);
      if (place !== undefined) {
        const end = place === folder ? path : place + path.slice(slash);
        if (!follow || look(end) !== "link") return end;
      }
      const end = walk(path, follow, onTheWay);
      return end === path ? path : posix.normalize(end);
    },
    isBehindLink: (path) => behind.has(path.slice(0, path.lastIndexOf("/"))),
    forget() {
      plain.clear();
      behind.clear();
    },
  };
}

module.exports = { linkWalk, isEven } satisfies LinkWalkModule;
