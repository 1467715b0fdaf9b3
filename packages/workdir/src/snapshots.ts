import { settledChanges } from "./appends.ts";
import { type Applied, applyChanges, type Clash } from "./change.ts";
import type { Effects } from "./effects.ts";
import type { Tree } from "./tree.ts";

/** Is told how one tree came from another. */
export type OnApplied = (before: Tree, applied: Applied) => void;

/** What effects make of trees. Many attempts start on the same few trees; each of those is made once. */
export class Snapshots {
  readonly #known = new WeakMap<Tree, Map<Effects, Promise<Applied | Clash>>>();
  readonly #onApplied: OnApplied;
  readonly #place: () => string;

  /** @param place returns an absolute path, free for a file that effects add to */
  constructor(onApplied: OnApplied, place: () => string) {
    this.#onApplied = onApplied;
    this.#place = place;
  }

  /** Returns the tree after these effects, always the same object for the same two, or what is in their way. */
  apply(tree: Tree, effects: Effects): Promise<Applied | Clash> {
    const known = this.#known.get(tree) ?? new Map<Effects, Promise<Applied | Clash>>();
    this.#known.set(tree, known);
    const applied = known.get(effects) ?? this.#apply(tree, effects);
    known.set(effects, applied);
    return applied;
  }

  async #apply(tree: Tree, effects: Effects): Promise<Applied | Clash> {
    const applied = await applyChanges(tree, settledChanges(tree, effects.changes, this.#place));
    if ("tree" in applied) this.#onApplied(tree, applied);
    return applied;
  }

  /** Returns the tree that an attempt starts on: a committed one and what finished tasks have made of it. */
  async on(committed: Tree, below: readonly Effects[]): Promise<Tree> {
    let tree = committed;
    for (const effects of below) {
      const applied = await this.apply(tree, effects);
      // What clashes here is refused at its own commit; until then nobody builds on it.
      if ("tree" in applied) tree = applied.tree;
    }
    return tree;
  }

  /** Nothing starts on this tree any more: later ones, which hang on it, need not be kept. */
  forget(tree: Tree): void {
    this.#known.delete(tree);
  }
}
