import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { TaskWork } from "./resolve-work.ts";

/**
 * Returns a hash of the code of every module that does tasks, what it imports by path included, by the module's URL.
 * Packages count by name. A module that cannot be bundled has none.
 */
export async function codeHashes(works: readonly TaskWork[]): Promise<ReadonlyMap<string, string>> {
  const modules = new Set(works.flatMap(({ work }) => (work.kind === "module" ? [work.module] : [])));
  const hashes = new Map<string, string>();
  if (modules.size === 0) return hashes;
  // Loaded on demand: most runs do not ask.
  const { build } = await import("esbuild");
  for (const module of modules) {
    try {
      const { outputFiles } = await build({
        ...{ entryPoints: [fileURLToPath(module)], bundle: true, write: false, packages: "external" },
        ...{ platform: "node", format: "esm", target: "node20", logLevel: "silent" },
      });
      hashes.set(module, createHash("sha256").update(outputFiles[0]!.contents).digest("hex"));
    } catch {
      // It is run all the same; it is only not remembered.
    }
  }
  return hashes;
}
