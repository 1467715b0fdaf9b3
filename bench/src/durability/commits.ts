// Twenty files on the disk: by bare writes, and by commits of Sheaf.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openWorkdir, type Sync } from "@sheaf/workdir";
import type { Contestant } from "../measure/contest.ts";
import { type Cost, costOf } from "../measure/cost.ts";

/** Files that each commit changes. */
export const FILES = 20;
/** Commits in a row, of which the mean is taken. */
export const COMMITS = 5;
const BYTES = 1_024;

function writeFiles(folder: string, seed: string): readonly string[] {
  return Array.from({ length: FILES }, (_, i) => {
    const path = join(folder, `file-${i}.txt`);
    writeFileSync(path, `${seed} ${i}\n`.padEnd(BYTES, "x"));
    return path;
  });
}

/** Measures some work `COMMITS` times and returns the mean. */
async function mean(work: (n: number) => Promise<Cost>): Promise<Cost> {
  let [wallMs, cpuMs] = [0, 0];
  for (let n = 0; n < COMMITS; n++) {
    const cost = await work(n);
    wallMs += cost.wallMs / COMMITS;
    cpuMs += cost.cpuMs / COMMITS;
  }
  return { wallMs, cpuMs };
}

/** Writes files over those of before and puts them and their folder on the disk. */
export function bareWrites(name: string, parent: string, sync: Sync): Contestant {
  return {
    name,
    async run() {
      const folder = mkdtempSync(join(parent, "bare-"));
      const cost = await mean((n) => costOf(() => sync([...writeFiles(folder, `${n}`), folder])));
      rmSync(folder, { recursive: true });
      return { [name]: cost };
    },
  };
}

/** Commits what tasks wrote; staging and sealing are not counted. */
export function commits(name: string, parent: string, sync: Sync): Contestant {
  return {
    name,
    async run() {
      const dir = mkdtempSync(join(parent, "sheaf-"));
      mkdirSync(join(dir, "data"));
      writeFiles(join(dir, "data"), "before");
      const workdir = await openWorkdir({
        ...{ dir, runDir: join(dir, ".sheaf", "runs", "bench"), runId: "bench", frozen: [], sync },
        ...{ declaredWrites: ["data/**"], shown: "everything", rung: "copy" },
      });
      const cost = await mean(async (n) => {
        const view = await workdir.stage({
          ...{ taskId: `t${n}`, folder: `t${n}`, shown: "everything", attempt: 1, below: [] },
          ...{ mayLink: false, enters: false, fresh: false, writes: ["data/**"] },
        });
        writeFiles(join(view.path, "data"), `${n}`);
        const effects = await workdir.seal(view, { succeeded: true, quiet: true, observed: null });
        return costOf(() => workdir.commit(effects));
      });
      await workdir.close({ keep: false });
      rmSync(dir, { recursive: true });
      return { [name]: cost };
    },
  };
}
