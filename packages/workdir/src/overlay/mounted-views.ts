// Views that are overlays.
//
// Owns:     the mounts of one opening of a directory, and the host that makes them.
// Does not: know what an attempt read, or when its view goes.
//
// Invariants:
//   V1. A view is mounted once, and not mounted any more when it has been sealed, unless somebody holds it.
//   V2. What is held stays as it is until the host is closed.
import { mkdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isSheafError, type Room } from "@sheaf/core";
import type { Applied, Change } from "../change.ts";
import { removeTree } from "../remove-tree.ts";
import type { Tree } from "../tree.ts";
import type { FrozenLayers } from "./frozen-places.ts";
import type { Layers } from "./layers.ts";
import type { MountHost } from "./mount-host.ts";
import { type OwnPath, removeBehind } from "./own-path.ts";
import { takeChanges } from "./taken-changes.ts";

/** How long a view that is in use is waited for, and the shortest and longest pause between two looks, in ms. */
const PATIENCE_MS = 500;
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 16;

/** A view that is an overlay. */
export interface MountedView {
  /** Where it is seen by processes inside; outside that folder is empty. */
  readonly at: string;
  /** Receives what is written, and is what remains of the view when it has been sealed. */
  readonly upper: string;
  readonly work: string;
}

export interface SealedMount {
  readonly changes: readonly Change[];
  /** Who still uses the view; empty where nobody could write to it any more. */
  readonly heldBy: readonly string[];
}

/** What a directory's views are made with. */
export interface ViewParts {
  /** The shared directory. */
  readonly dir: string;
  readonly host: MountHost;
  readonly layers: Layers;
  readonly frozen: FrozenLayers;
  /** What makes a command that has entered the namespace who it is outside. */
  readonly self: readonly string[];
  readonly ownPath: OwnPath;
}

export class MountedViews {
  readonly #parts: ViewParts;
  readonly #host: MountHost;
  /** What is put before a command so that it runs where the views are seen. */
  readonly enter: readonly string[];
  readonly #mounted = new Set<MountedView>();
  readonly #held = new Set<MountedView>();
  readonly #leftovers: string[] = [];

  constructor(parts: ViewParts) {
    this.enter = [...parts.host.enter, ...parts.self];
    this.#parts = parts;
    this.#host = parts.host;
  }

  /** Where processes see their views, in words that follow "processes see theirs". */
  get path(): string {
    const { ownPath } = this.#parts;
    return ownPath.ok ? "at the directory's own path" : `at a path of its own each, as ${ownPath.why}`;
  }

  /** Notes how one tree came from another. */
  note(before: Tree, applied: Applied): void {
    this.#parts.layers.note(before, applied);
  }

  /** Returns the view at a path; what else it needs lies beside that. */
  at(path: string, suffix: string): MountedView {
    const beside = (name: string): string => join(dirname(path), `${name}${suffix}`);
    return { at: path, upper: beside("upper"), work: beside("work") };
  }

  /** Tells whether a view that was to be gone is still there. */
  isHeld(at: string): boolean {
    return [...this.#held].some((view) => view.at === at);
  }

  /**
   * Shows a tree at `at`, an empty folder. `upper` and `work` are made anew beside it.
   *
   * @returns The room in which it is seen at the directory's own path, where that was asked for and can be had.
   */
  async mount(
    view: MountedView,
    tree: Tree,
    { alone = false }: { readonly alone?: boolean },
  ): Promise<Room | null> {
    for (const folder of [view.upper, view.work]) {
      await removeTree(folder); // kept of an earlier attempt
      mkdirSync(folder, { recursive: true });
    }
    const { layers, frozen, ownPath, dir, self } = this.#parts;
    const lower = await layers.foldersOf(tree);
    if (!alone || !ownPath.ok) {
      await this.#host.mount({ ...view, lower });
      this.#mounted.add(view);
      return null;
    }
    const places = frozen.placesIn(tree);
    await this.#host.mount({ ...view, lower: [...places.layers, ...lower] });
    this.#mounted.add(view);
    try {
      const enter = await this.#host.room({ at: view.at, dir, frozen: places.folders });
      return { enter: [...enter, ...self], dir, behind: ownPath.behind };
    } catch (error) {
      await this.#unmount(view);
      throw error;
    }
  }

  /** Takes a view away, and what was written in it into `layer`. Of a failed attempt nothing is taken. */
  async seal(
    view: MountedView,
    {
      snapshot,
      layer,
      succeeded,
    }: { readonly snapshot: Tree; readonly layer: string; readonly succeeded: boolean },
  ): Promise<SealedMount> {
    const found = succeeded ? await this.#host.changes(view.at, view.upper) : [];
    const heldBy = await this.#unmount(view);
    const mayMove = heldBy.length === 0;
    const { at, upper } = view;
    return { changes: await takeChanges({ snapshot, at, upper, found, layer, mayMove }), heldBy };
  }

  async #unmount(view: MountedView): Promise<readonly string[]> {
    if (!this.#mounted.delete(view)) return [];
    const holders = await this.#free(view.at);
    if (holders.length > 0) {
      this.#held.add(view);
      return holders;
    }
    await removeTree(view.work);
    rmdirSync(view.at);
    return [];
  }

  // What was killed a moment ago is still there for another one.
  async #free(at: string): Promise<readonly string[]> {
    const since = performance.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LAST_PAUSE_MS)) {
      try {
        await this.#host.unmount(at);
        return [];
      } catch (error) {
        if (!isSheafError(error, "MOUNT_BUSY")) throw error;
        const { holders } = error.details;
        if (performance.now() - since > PATIENCE_MS)
          return holders.length > 0 ? holders : ["something that is not known"];
      }
      await setTimeout(pause);
    }
  }

  /** Returns the folders of a view that may go now. Those of one that is held go when the host is closed. */
  async release(view: MountedView): Promise<readonly string[]> {
    await this.#unmount(view);
    if (!this.#held.has(view)) return [view.upper];
    this.#leftovers.push(view.upper, view.work, view.at);
    return [];
  }

  /** Ends all mounts, and whatever still runs where they are seen. */
  async close(): Promise<void> {
    await this.#host.close();
    const { ownPath } = this.#parts;
    if (ownPath.ok) removeBehind(ownPath.behind);
    for (const folder of this.#leftovers.splice(0)) await removeTree(folder);
  }
}
