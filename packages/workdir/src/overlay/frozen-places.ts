import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathParts } from "../relative-path.ts";
import { frozenIn, lookup, type Tree } from "../tree.ts";
import { putFolder } from "./fill-layer.ts";
import { shownMode } from "./layer-plan.ts";
import type { FrozenFolder } from "./mount-protocol.ts";

/** What puts folders in the place of the links by which a view shows what is frozen. */
export interface FrozenPlaces {
  /** Layers to be put on top of a tree's own: none or one. */
  readonly layers: readonly string[];
  /** What is to be mounted in the folders that they show. */
  readonly folders: readonly FrozenFolder[];
}

const NONE: FrozenPlaces = { layers: [], folders: [] };

/**
 * Makes the layers in which frozen folders are empty folders, for views where what they stand for is mounted.
 *
 * A link would lead to the place that the view itself covers. A layer also decides the modes of the folders on the way,
 * so there is one for each set of those.
 */
export class FrozenLayers {
  readonly #home: string;
  readonly #base: Tree;
  readonly #made = new Map<string, string>();
  #frozen: readonly FrozenFolder[] | null = null;

  /**
   * @param home folder for the layers
   * @param base the tree that all others come from; what is frozen in it stays so
   */
  constructor(home: string, base: Tree) {
    this.#home = home;
    this.#base = base;
  }

  placesIn(tree: Tree): FrozenPlaces {
    const folders = this.#all().filter(
      ({ path, target }) => lookup(tree, path)?.kind === "frozen" && existsSync(target),
    );
    if (folders.length === 0) return NONE;
    const modes = folders.map(({ path }) => modesOnTheWay(tree, path));
    const key = JSON.stringify(folders.map(({ path }, i) => [path, modes[i]]));
    let layer = this.#made.get(key);
    if (layer === undefined) {
      layer = join(this.#home, `frozen-${this.#made.size + 1}`);
      for (const [i, { path }] of folders.entries()) {
        const parts = pathParts(path);
        for (const [depth, mode] of [...modes[i]!, 0o755].entries()) {
          putFolder(join(layer, ...parts.slice(0, depth + 1)), mode);
        }
      }
      this.#made.set(key, layer);
    }
    return { layers: [layer], folders };
  }

  #all(): readonly FrozenFolder[] {
    this.#frozen ??= frozenIn(this.#base);
    return this.#frozen;
  }
}

function modesOnTheWay(tree: Tree, path: string): readonly number[] {
  const parts = pathParts(path);
  return parts.slice(1).map((_, i) => {
    const entry = lookup(tree, parts.slice(0, i + 1).join("/"));
    return entry?.kind === "dir" ? shownMode(entry.mode) : 0o755;
  });
}
