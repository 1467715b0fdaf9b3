// Measures the GPU memory of attempts that run in child processes.
//
// Owns:     one nvidia-smi for all runs of this process: started when the first process is watched, if it is on the
//           PATH then, and ended when nobody watches any more.
// Does not: know attempts. Whoever watches a process means all that it has started, too.
//
// Invariants:
//   M1. At most one nvidia-smi runs.
//   M2. It ends with the engine, however that ends: a guard sees to it, as its own writes do only while a GPU is used.
//   M3. Nothing that it does, says or leaves undone is an error: what it does not tell is not known.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";
import { systemClock } from "@sheaf/core";
import { type GuardedProcess, startProgram } from "./guarded-process.ts";
import { parentOf } from "./process-memory.ts";

/** Time between two samples, in ms. */
const EVERY_MS = 500;

/** What was not told again for so long does not hold any more, in ms. */
const STALE_MS = 3 * EVERY_MS;

// A row a process and GPU. Source: nvidia-smi(1), --help-query-compute-apps.
const ARGUMENTS = [
  "--query-compute-apps=gpu_uuid,pid,used_gpu_memory",
  "--format=csv,noheader,nounits",
  `--loop-ms=${EVERY_MS}`,
];

/** A row with known figures; of others the memory is "[N/A]" or "[Not Supported]". */
const ROW = /^((?:GPU|MIG)-[^,]+), (\d+), (\d+)$/;

/** A line that is longer is none. */
const LONGEST_LINE = 4_096;

/** The GPU memory of one process and all that it has started. */
export interface GpuWatch {
  /** Largest so far, over all GPUs, in MiB; null where no use of a GPU was seen. */
  peakMiB(): number | null;
  /** Ends the watch; the peak stays. */
  stop(): void;
}

/** Somebody who watches processes. */
export interface GpuSeat {
  watch(pid: number): GpuWatch;
  /** Resolves when all that it started has ended. */
  leave(): Promise<void>;
}

interface Watched {
  readonly pid: number;
  peakMiB: number | null;
}

interface Row {
  readonly pid: number;
  readonly mib: number;
  readonly at: number;
}

/** Samples GPU memory for the runs of a process. */
export class GpuMemory {
  readonly #seats = new Set<object>();
  readonly #watched = new Set<Watched>();
  /** What was told last, by GPU and process. */
  readonly #rows = new Map<string, Row>();
  #sampler: GuardedProcess | null = null;
  #line = "";

  /** @param path where nvidia-smi is looked for, as in the variable PATH */
  join(path: string | undefined): GpuSeat {
    const seat = {};
    this.#seats.add(seat);
    if (this.#sampler === null) this.#start(path);
    return {
      watch: (pid) => this.#watch(pid),
      leave: async () => {
        this.#seats.delete(seat);
        if (this.#seats.size === 0) await this.#end();
      },
    };
  }

  #start(path: string | undefined): void {
    const program = findProgram("nvidia-smi", path);
    if (program === null) return;
    const place = { cwd: "/", env: process.env, clock: systemClock, enter: [] };
    this.#sampler = startProgram([program, ...ARGUMENTS], place);
    const stdout = this.#sampler.child?.stdout as Readable | null | undefined;
    stdout?.setEncoding("utf8");
    stdout?.on("data", (text: string) => this.#take(text));
    stdout?.on("error", () => {});
  }

  async #end(): Promise<void> {
    const sampler = this.#sampler;
    this.#sampler = null;
    this.#rows.clear();
    this.#line = "";
    sampler?.release();
    await sampler?.over;
  }

  #watch(pid: number): GpuWatch {
    const watched: Watched = { pid, peakMiB: null };
    this.#watched.add(watched);
    return { peakMiB: () => watched.peakMiB, stop: () => this.#watched.delete(watched) };
  }

  #take(text: string): void {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop()!.slice(-LONGEST_LINE);
    const at = performance.now();
    for (const line of lines) {
      const [, gpu, pid, mib] = ROW.exec(line.trim()) ?? [];
      if (gpu !== undefined) this.#rows.set(`${gpu} ${pid}`, { pid: Number(pid), mib: Number(mib), at });
    }
    for (const [key, row] of this.#rows) if (at - row.at > STALE_MS) this.#rows.delete(key);
    this.#measure();
  }

  #measure(): void {
    if (this.#watched.size === 0 || this.#rows.size === 0) return;
    const used = new Map<number, number>();
    for (const { pid, mib } of this.#rows.values()) {
      for (const each of lineOf(pid)) used.set(each, (used.get(each) ?? 0) + mib);
    }
    for (const watched of this.#watched) {
      const mib = used.get(watched.pid);
      if (mib !== undefined) watched.peakMiB = Math.max(mib, watched.peakMiB ?? 0);
    }
  }
}

/** GPU memory of all runs of this process. */
export const gpuMemory: GpuMemory = new GpuMemory();

/** A process and those that it descends from. */
function lineOf(pid: number): ReadonlySet<number> {
  const line = new Set<number>();
  for (let at: number | null = pid; at !== null && at > 1 && !line.has(at); at = parentOf(at)) line.add(at);
  return line;
}

function findProgram(name: string, path = ""): string | null {
  for (const folder of path.split(delimiter)) {
    const program = join(folder, name);
    try {
      accessSync(program, constants.X_OK);
      if (folder !== "" && statSync(program).isFile()) return program;
    } catch {
      // Not there, or not to be run.
    }
  }
  return null;
}
