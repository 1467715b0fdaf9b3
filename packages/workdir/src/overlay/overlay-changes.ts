import { lstatSync, readdirSync } from "node:fs";
import { slices } from "../in-slices.ts";
import type { OverlayChange } from "./mount-protocol.ts";

/** Three folders that are looked at together. */
export interface OverlaySides {
  /** The upper folder itself: files that were written, whiteouts. */
  readonly upper: string;
  /** The mount: what a task sees. */
  readonly merged: string;
  /** What a task would see had it written nothing. */
  readonly below: string;
}

type Kind = "file" | "link" | "dir";

/** An entry of a listing. A name is latin1 of its bytes: every name has one, and equal bytes are equal strings. */
type Listing = ReadonlyMap<string, Kind>;

const NOTHING: Listing = new Map();
const bytesOf = (path: string): Buffer => Buffer.from(path, "latin1");
const inLatin1 = (path: string): string => Buffer.from(path).toString("latin1");

// Sockets, pipes and devices are no entries, so they read as absent; and so do whiteouts, which are devices.
function list(folder: string): Listing {
  const listing = new Map<string, Kind>();
  const entries = readdirSync(bytesOf(folder), { withFileTypes: true, encoding: "buffer" });
  for (const entry of entries) {
    const name = entry.name.toString("latin1");
    if (entry.isFile()) listing.set(name, "file");
    else if (entry.isDirectory()) listing.set(name, "dir");
    else if (entry.isSymbolicLink()) listing.set(name, "link");
  }
  return listing;
}

const modeOf = (path: string): number => lstatSync(bytesOf(path)).mode;

function change(path: string, kind: OverlayChange["kind"]): OverlayChange {
  const bytes = bytesOf(path);
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? { path: text, kind } : { path: text, kind, bytes };
}

const join = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/**
 * Returns what an upper folder changes, parents before children.
 *
 * Every folder of the upper is listed on all three sides: what is below and not in the mount is gone, whether a
 * whiteout hides it or a folder that was removed and made again.
 */
export async function overlayChanges(sides: OverlaySides): Promise<OverlayChange[]> {
  const upper = inLatin1(sides.upper);
  const merged = inLatin1(sides.merged);
  const below = inLatin1(sides.below);
  const pause = slices();
  const changes: OverlayChange[] = [];
  const open: { readonly path: string; readonly isBelow: boolean }[] = [{ path: "", isBelow: true }];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const { path, isBelow } = folder;
    const before = isBelow ? list(`${below}/${path}`) : NOTHING;
    const now = before.size > 0 ? list(`${merged}/${path}`) : NOTHING;
    for (const name of before.keys()) if (!now.has(name)) changes.push(change(join(path, name), "gone"));
    for (const [name, kind] of list(`${upper}/${path}`)) {
      const at = join(path, name);
      if (kind === "dir") {
        const wasDir = before.get(name) === "dir";
        if (!wasDir || modeOf(`${below}/${at}`) !== modeOf(`${upper}/${at}`)) changes.push(change(at, kind));
        open.push({ path: at, isBelow: wasDir });
      } else changes.push(change(at, kind));
    }
    const wait = pause();
    if (wait !== undefined) await wait;
  }
  return changes;
}
