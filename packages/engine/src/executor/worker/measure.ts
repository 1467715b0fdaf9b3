import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import { isMainThread } from "node:worker_threads";
import type { MeasuredResources } from "@sheaf/core";

const MIB = 1024 * 1024;

/** Time between two samples of a thread's memory, in ms. */
const SAMPLE_MS = 200;

// Node 20 knows no processor time of a thread; Linux does. The first field is nanoseconds on a processor.
function threadCpuMs(): number | null {
  const { threadCpuUsage } = process as unknown as {
    threadCpuUsage?: () => { user: number; system: number };
  };
  if (threadCpuUsage !== undefined) {
    const { user, system } = threadCpuUsage.call(process);
    return (user + system) / 1_000;
  }
  try {
    return (
      Number(readFileSync(`/proc/${readlinkSync("/proc/thread-self")}/schedstat`, "utf8").split(" ")[0]) / 1e6
    );
  } catch {
    return null;
  }
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + endedChildrenCpuMs();
}

/** Linux tells it in hundredths of a second. */
const TICK_MS = 10;

// Of processes that this one has started and waited for. Source: proc_pid_stat(5), fields 16 and 17.
function endedChildrenCpuMs(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const [user, system] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(13, 15)
      .map(Number);
    return ((user ?? 0) + (system ?? 0)) * TICK_MS;
  } catch {
    return 0;
  }
}

const threadMemoryMiB = (): number => {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return (used_heap_size + external_memory) / MIB;
};

// The kernel keeps the largest memory of a process and can be told to begin anew.
function processPeakMiB(): number | null {
  try {
    const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
    return line === null ? null : Number(line[1]) / 1024;
  } catch {
    return null;
  }
}

function resetProcessPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Without it the peak counts from the start of the process.
  }
}

/** Measures what an attempt takes in this worker, which runs nothing else meanwhile. */
export function startMeasuring(onMemory: (mib: number) => void): () => MeasuredResources {
  const startedAt = performance.now();
  const cpu = isMainThread ? processCpuMs : threadCpuMs;
  const cpuBefore = cpu();
  let peakMiB = 0;
  const sample = (): void => {
    const mib = isMainThread ? process.memoryUsage.rss() / MIB : threadMemoryMiB();
    peakMiB = Math.max(peakMiB, mib);
    onMemory(mib);
  };
  if (isMainThread) resetProcessPeak();
  const timer = setInterval(sample, SAMPLE_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    sample();
    const cpuAfter = cpu();
    return {
      latencyMs: performance.now() - startedAt,
      cpuMs: cpuAfter === null || cpuBefore === null ? null : cpuAfter - cpuBefore,
      peakMemoryMiB: (isMainThread ? processPeakMiB() : null) ?? peakMiB,
    };
  };
}
