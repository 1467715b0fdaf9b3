// One run's dealings with a directory, step by step as the engine takes them.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openWorkdir, type StageRequest, type StagingRung, type View, type Workdir } from "@sheaf/workdir";
import type { Contestant } from "../measure/contest.ts";
import { type Cost, costOf } from "../measure/cost.ts";
import { samplePath } from "./sample-tree.ts";

/** Files that the writing task changes, and as many that it makes. */
const CHANGED = 10;
/** Folder that it may write, and the one in which it makes files. */
const WRITABLE = "folder-0";
const MADE = "made";
/** Views that are made by mounts, as the first few pay for code that is not compiled yet. */
const MOUNTS = 20;
const DECLARED: readonly string[] = Array.from({ length: 10 }, (_, i) => samplePath(i + 1));

export interface StepsRequest {
  /** A sample tree. It is given back as it was, but for the bytes of a few files. */
  readonly dir: string;
  readonly rung: StagingRung;
}

/** Takes a directory through a run in which three tasks are staged and one of them writes. */
export function transactionSteps({ dir, rung }: StepsRequest): Contestant {
  return {
    name: `Sheaf, ${rung}`,
    async run() {
      const steps = new Steps();
      const workdir = await steps.take("freeze", () => open(dir, rung));
      await useWorkdir(workdir, rung, steps);
      await steps.take("close", () => workdir.close({ keep: false }));
      for (const made of [".sheaf", MADE]) rmSync(join(dir, made), { recursive: true });
      return Object.fromEntries(steps.costs);
    },
  };
}

/** Names steps and keeps what each took. */
class Steps {
  readonly costs = new Map<string, Cost>();

  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const [result] = await this.takeEach(name, 1, work);
    return result as T;
  }

  /** Takes a step so many times, and keeps the mean. */
  async takeEach<T>(name: string, times: number, work: (i: number) => Promise<T>): Promise<readonly T[]> {
    const results: T[] = [];
    const { wallMs, cpuMs } = await costOf(async () => {
      for (let i = 0; i < times; i++) results.push(await work(i));
    });
    this.costs.set(`Sheaf: ${name}`, { wallMs: wallMs / times, cpuMs: cpuMs / times });
    return results;
  }
}

function open(dir: string, rung: StagingRung): Promise<Workdir> {
  const runDir = join(dir, ".sheaf", "runs", "bench");
  return openWorkdir({
    dir,
    runDir,
    runId: "bench",
    frozen: [],
    declaredWrites: [],
    shown: "everything",
    rung,
  });
}

async function useWorkdir(workdir: Workdir, rung: StagingRung, steps: Steps): Promise<void> {
  const stage = (folder: string, shown: StageRequest["shown"]): Promise<View> =>
    workdir.stage({
      ...{ taskId: folder, folder, shown, attempt: 1, below: [], mayLink: true, enters: true, fresh: false },
      writes: [`${WRITABLE}/**`, `${MADE}/**`],
    });
  const done = { succeeded: true, quiet: true, observed: null };
  const writer = await steps.take("stage all", () => stage("writer", "everything"));
  const views = await steps.takeEach("stage all again", rung === "overlay" ? MOUNTS : 1, (i) =>
    stage(`reader-${i}`, "everything"),
  );
  const reader = views[0]!;
  await steps.take("stage 10 files", () => stage("narrow", DECLARED));
  await steps.take("a command reads all files of the directory", async () =>
    inside([], READ_ALL, workdir.dir),
  );
  await steps.take("a command reads all files of a view", async () =>
    inside(workdir.enter, READ_ALL, reader.path),
  );
  write(writer.path, workdir.enter);
  const written = await steps.take("seal, 20 files written", () => workdir.seal(writer, done));
  const read = await steps.take("seal, nothing written", () => workdir.seal(reader, done));
  await steps.take("validate, nothing committed since", () => workdir.validate(written));
  const committed = await steps.take("commit 20 files", () => workdir.commit(written));
  if (committed.status !== "committed" || committed.files !== 2 * CHANGED) {
    throw new Error(`Expected a commit of ${2 * CHANGED} files, got ${JSON.stringify(committed)}`);
  }
  const { conflicts } = await steps.take("validate, 20 files committed since", () => workdir.validate(read));
  // The files that were changed, and the folder that was made.
  if (conflicts.length !== CHANGED + 1)
    throw new Error(`Expected conflicts, got ${JSON.stringify(conflicts)}`);
  await steps.take("verify", () => workdir.verify());
}

const READ_ALL = "find . -name .sheaf -prune -o -type f -exec cat {} + > /dev/null";

/** Every hundredth file of the sample tree lies in the first folder. Views may be seen by who enters alone. */
function write(view: string, enter: readonly string[]): void {
  const lines = Array.from({ length: CHANGED }, (_, i) => [
    `echo changed ${i} at ${performance.now()} > ${samplePath(i * 100)}`,
    `echo made ${i} > ${MADE}/file-${i}.txt`,
  ]);
  inside(enter, [`mkdir ${MADE}`, ...lines.flat()].join(" && "), view);
}

function inside(enter: readonly string[], script: string, cwd: string): void {
  const [program, ...args] = [...enter, "sh", "-c", `cd "$1" && ${script}`, "sh", cwd];
  const { status, stderr } = spawnSync(program!, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`A command ended with ${status}: ${stderr}`);
}
