import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { analyzers } from "../../../../bench/src/dependencies/analyzers.ts";
import { loadSets } from "../../../../bench/src/dependencies/load-sets.ts";
import { measureSets } from "../../../../bench/src/dependencies/measure-sets.ts";

// Public data sets that are read in place: they lie beside the checkout and are no part of it.
const data = join(import.meta.dirname, "../../../../../shared/data/dependencies");

test.skipIf(!existsSync(data)).each(["wfinstances", "nestful"])(
  "on %s declared inputs and outputs give next to all edges, miss none and keep all parallelism (left out where ../shared/data is absent)",
  async (name) => {
    const declared = analyzers(null).filter((analyzer) => analyzer.name === "declared");
    const [row] = await measureSets(
      loadSets(join(data, `${name}.jsonl`), () => {}),
      declared,
      () => {},
    );
    expect(row!.f1).toBeGreaterThanOrEqual(0.99);
    expect(row!.missed).toBe(0);
    expect(row!.kept).toBeGreaterThanOrEqual(0.99);
  },
);
