import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Left out: the run's own state, and the input, which nobody writes. */
const NOT_LEFT = new Set([".sheaf", "node_modules"]);

/** Returns one hash over the names and bytes of all files that a run of the audit has left. */
export function treeHash(dir: string): string {
  const hash = createHash("sha256");
  const visit = (folder: string, below: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (below === "" && NOT_LEFT.has(entry.name)) continue;
      const path = `${below}/${entry.name}`;
      const full = join(folder, entry.name);
      if (entry.isDirectory()) visit(full, path);
      else hash.update(`${path}\0`).update(createHash("sha256").update(readFileSync(full)).digest());
    }
  };
  visit(dir, "");
  return hash.digest("hex");
}
