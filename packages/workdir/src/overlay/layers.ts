// The folders that show a tree when they are stacked.
//
// Owns:     the layer folders of one opening of a directory, and which of them make up which tree.
// Does not: mount them.
//
// Invariants:
//   L1. A folder is filled before anybody is told of it, and never touched again.
//   L2. No tree takes more than MOST_LAYERS folders.
//   L3. A tree keeps no earlier tree alive: only the plans of layers that nobody has needed yet.
import { join } from "node:path";
import type { Applied } from "../change.ts";
import type { Tree } from "../tree.ts";
import { fillLayer, fillReplica } from "./fill-layer.ts";
import { type LayerPlan, layerPlan } from "./layer-plan.ts";
import { Whiteouts } from "./whiteouts.ts";

/** The kernel reads through layers one by one; so many are still cheap, and 64 are the most that are mounted. */
const MOST_LAYERS = 60;

/** Folders, topmost first. */
type Folders = readonly string[];

interface Node {
  /** Layers that the tree takes; null while they are not made. */
  count: number | null;
  made: Promise<Folders> | null;
  /** What is to be made of the tree below; null for the base, and when it is made. */
  step: { readonly below: Node; readonly plan: LayerPlan } | null;
}

export class Layers {
  readonly #home: string;
  readonly #whiteouts: Whiteouts;
  readonly #nodes = new WeakMap<Tree, Node>();
  readonly #base: { readonly tree: Tree; readonly folder: string };
  #count = 0;

  /**
   * @param home folder for the layers
   * @param base the tree that all others come from, and the folder with the bytes of its files
   */
  constructor(home: string, base: { readonly tree: Tree; readonly folder: string }) {
    this.#home = home;
    this.#base = base;
    this.#whiteouts = new Whiteouts(home);
    this.#nodes.set(base.tree, { count: null, made: null, step: null });
  }

  /** Notes how one tree came from another that is known. */
  note(before: Tree, { tree, effective }: Applied): void {
    const below = this.#nodes.get(before);
    if (below === undefined || this.#nodes.has(tree)) return;
    if (effective.length === 0) this.#nodes.set(tree, below);
    else {
      const plan = layerPlan(tree, effective);
      this.#nodes.set(tree, { count: null, made: null, step: { below, plan } });
    }
  }

  /**
   * Returns the folders that show a known tree, topmost first; they are made the first time.
   *
   * @throws SheafError CHANGED_OUTSIDE when a file of the directory was edited in place during the run.
   */
  async foldersOf(tree: Tree): Promise<Folders> {
    const node = this.#nodes.get(tree);
    if (node === undefined) throw new Error("Internal error: a tree without a past");
    const tooMany = node.made === null && this.#depth(node) > MOST_LAYERS;
    return tooMany ? this.#keep(node, 1, this.#replica(tree)) : this.#made(node);
  }

  // Bounded by L2, however long the chain is.
  #depth(node: Node): number {
    let depth = 0;
    for (let at: Node | undefined = node; at !== undefined && depth <= MOST_LAYERS; at = at.step?.below) {
      if (at.count !== null) return depth + at.count;
      depth += 1;
    }
    return depth;
  }

  #made(node: Node): Promise<Folders> {
    if (node.made !== null) return node.made;
    if (node.step === null) return this.#keep(node, 1, this.#replica(this.#base.tree));
    const { below, plan } = node.step;
    return this.#keep(node, this.#depth(node), this.#stacked(below, plan));
  }

  #keep(node: Node, count: number, work: Promise<Folders>): Promise<Folders> {
    node.count = count;
    node.made = work.then(
      (folders) => {
        node.step = null;
        return folders;
      },
      (error: unknown) => {
        // A full disk may have room the next time.
        node.count = null;
        node.made = null;
        throw error;
      },
    );
    return node.made;
  }

  async #stacked(below: Node, plan: LayerPlan): Promise<Folders> {
    const folders = await this.#made(below);
    const folder = this.#next();
    await fillLayer(folder, plan, this.#whiteouts);
    return [folder, ...folders];
  }

  async #replica(tree: Tree): Promise<Folders> {
    const folder = tree === this.#base.tree ? this.#base.folder : this.#next();
    await fillReplica(folder, tree);
    return [folder];
  }

  #next(): string {
    return join(this.#home, String(++this.#count));
  }
}
