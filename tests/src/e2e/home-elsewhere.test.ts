// The state of runs on another file system than the directory: no hard links lead from one to the other.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import { tempDir } from "@sheaf/testkit";
import { expect, test } from "vitest";

const MEMORY = "/dev/shm";
const apart = existsSync(MEMORY) && statSync(MEMORY).dev !== statSync(tmpdir()).dev;

test.skipIf(!apart)(
  "tasks see what the directory held, declared or not, and what tasks before them left",
  async () => {
    using place = tempDir({ in: "one\n", other: "two\n" });
    const home = mkdtempSync(join(MEMORY, "sheaf-test-"));
    try {
      const report = await executeWithParallelism(
        {
          dir: place.path,
          tasks: [
            { id: "declared", run: "cat in >> out", reads: ["in"], writes: ["out"] },
            { id: "replaces", run: "echo 1 > in; echo 2 > other", reads: [], writes: ["in", "other"] },
            { id: "open", run: "cat in other out > all" },
          ],
        },
        undefined,
        { home, env: {} },
      );
      expect(report.status).toBe("succeeded");
      expect(readFileSync(join(place.path, "all"), "utf8")).toBe("1\n2\none\n");
    } finally {
      rmSync(home, { recursive: true });
    }
  },
);
