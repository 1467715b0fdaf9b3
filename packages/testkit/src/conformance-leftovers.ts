import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AttemptEnd, ExecutorAbilities } from "@sheaf/core";
import { describe, expect, test } from "vitest";
import { isAlive, outputOf } from "./conformance-attempts.ts";

type Run = (exportName: string) => Promise<{ readonly end: AttemptEnd; readonly view: string }>;

/** Declares the tests of what attempts leave running when they have ended. */
export function describeLeftovers(abilities: ExecutorAbilities, run: Run): void {
  describe.runIf(abilities.survivesCrash)("what is left", () => {
    test("an attempt that leaves nothing behind is quiet", async () => {
      for (const agent of ["echo", "tells", "readsFile", "prints", "failsWithClass"]) {
        expect([agent, (await run(agent)).end.quiet]).toEqual([agent, true]);
      }
    });

    test("a write that nobody waited for is waited for a moment", async () => {
      const { end, view } = await run("leavesWrite");
      expect(end).toMatchObject({ status: "succeeded", quiet: true });
      expect(readFileSync(join(view, "left.txt")).length).toBe(1_000_000);
    });

    test("what goes on is quiet only where its worker has ended", async () => {
      for (const agent of ["leavesTimer", "leavesProcess", "leavesUnreferencedProcess", "leavesQuestion"]) {
        const { end } = await run(agent);
        expect([agent, end.status, end.quiet]).toEqual([agent, "succeeded", abilities.ownCwd]);
      }
    });
  });

  describe.runIf(abilities.ownCwd)("processes", () => {
    test("a process is used again, but not after an attempt that left something behind", async () => {
      const pid = async (agent: string) => outputOf((await run(agent)).end);
      const first = await pid("pid");
      expect(await pid("leavesTimer")).toBe(first);
      expect(await pid("pid")).not.toBe(first);
      await expect.poll(() => isAlive(first as number), { timeout: 5_000 }).toBe(false);
    });

    test("what an agent leaves running ends with its process", async () => {
      const pid = outputOf((await run("leavesProcess")).end) as number;
      await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
    });
  });
}
