// A run says what the directory is when it ends, if it is asked.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "@sheaf/core";
import { tempDir } from "@sheaf/testkit";
import { expect, test } from "vitest";
import { executeWithParallelism } from "../execute-with-parallelism.ts";
import type { RunOptions } from "./options.ts";

async function run(text: string, options: RunOptions) {
  using place = tempDir({ in: "1" });
  const handle = executeWithParallelism(
    { dir: place.path, tasks: [{ id: "a", reads: ["in"], writes: ["out"] }] },
    (_, ctx) => writeFileSync(join(ctx.dir, "out"), text),
    { env: {}, ...options },
  );
  const events: RunEvent[] = [];
  for await (const event of handle) events.push(event);
  const last = events.at(-1);
  const { rootHash } = await handle;
  return { rootHash, told: last?.type === "run.finished" ? last.rootHash : null };
}

test("report and journal have the hash of the directory when it is asked for", async () => {
  const one = await run("x", { rootHash: true });
  expect(one.rootHash).toMatch(/^[0-9a-f]{64}$/);
  expect(one.told).toBe(one.rootHash);
  expect(await run("x", { rootHash: true, mode: "sequential", staging: "copy" })).toEqual(one);
  expect((await run("y", { rootHash: true })).rootHash).not.toBe(one.rootHash);
  expect(await run("x", {})).toEqual({ rootHash: null, told: undefined });
});
