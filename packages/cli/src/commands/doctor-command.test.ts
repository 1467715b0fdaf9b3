import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shell } from "./fixtures/shell.ts";

describe("sheaf doctor", () => {
  it("says what there is, why, and what would be better, and leaves nothing", async () => {
    const here = shell();
    const { exitCode, out } = await here.sheaf("doctor");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^good +Node +\d+\.\d+/);
    expect(out).toMatch(/\n(good|limited) +staging +(overlay|hardlink|copy)\n +views are /);
    expect(out).toMatch(/\nRuns work here\.\n$/);
    expect(readdirSync(here.path)).toEqual([]);
  });

  it("exits with 1 where no run can work", async () => {
    const here = shell();
    const { exitCode, out } = await here.sheaf("doctor", { SHEAF_MIN_FREE_DISK_MB: "1000000000" });
    expect(exitCode).toBe(1);
    expect(out).toMatch(/\nbad +free space .*\n.*\n +better: free some/);
    expect(out).toMatch(/\nRuns do not work here\.\n$/);
  });

  it("prints data", async () => {
    const here = shell();
    const data = JSON.parse((await here.sheaf("doctor --json")).out);
    expect(data).toMatchObject({ works: true, dir: expect.any(String) });
    expect(data.findings.map(({ about }: { about: string }) => about)).toEqual([
      ...["Node", "directory", "staging", "freezing", "overlays", "paths", "free space", "reads of agents"],
      ...["reads of commands", "processors", "memory", "open files"],
    ]);
  });

  it("refuses a directory that is none, and teaches by an example", async () => {
    const here = shell();
    expect((await here.sheaf("doctor --dir gone")).exitCode).toBe(2);
    expect((await here.sheaf("doctor --help")).out).toContain("$ sheaf doctor");
  });
});
