import type { Effects } from "@sheaf/workdir";

interface Looks {
  readonly paths: ReadonlySet<string>;
  /** The same and all folders above them. */
  readonly leading: ReadonlySet<string>;
}

const known = new WeakMap<Effects, Looks>();

const foldersAbove = (path: string): readonly string[] => {
  const parts = path.split("/");
  return parts.map((_, i) => parts.slice(0, i).join("/"));
};

function looksOf(effects: Effects, observed: readonly { readonly path: string }[]): Looks {
  const paths = new Set(observed.map(({ path }) => path));
  const looks = { paths, leading: new Set([...paths, ...[...paths].flatMap(foldersAbove)]) };
  known.set(effects, looks);
  return looks;
}

/** Tells whether reads may have to do with these changes, by their paths alone. */
export function mayReadChanges(effects: Effects, changes: Effects["changes"]): boolean {
  if (changes.length === 0) return false;
  const { observed, shown } = effects.reads;
  if (observed === null) return changes.some(({ path }) => shown(path) === "all");
  const { paths, leading } = known.get(effects) ?? looksOf(effects, observed);
  return changes.some(
    ({ path }) => leading.has(path) || foldersAbove(path).some((above) => paths.has(above)),
  );
}
