import { availableParallelism, totalmem } from "node:os";

const MIB = 1024 * 1024;

/** Part of what is available that tasks may use together. */
export const SAFE_PART = 0.8;

/** Memory that this process and its children may have at most, in MiB: the container's limit, else the machine's. */
export function memoryLimitMiB(): number {
  // Node 20 says 2^64 where there is no limit.
  const constrained = process.constrainedMemory?.() ?? 0;
  const limit = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  return Math.floor(limit / MIB);
}

/** Memory that is available now, in MiB, within the container's limit. */
export function availableMiB(): number {
  return Math.floor(Math.min(process.availableMemory(), totalmem()) / MIB);
}

/**
 * Returns how many threads and processes may run processor-bound work at once:
 * max(1, min(cpus - 1, floor(availableGiB / 2), maxWorkers)).
 */
export function cpuWorkers(machine: {
  readonly cpus: number;
  readonly availableMiB: number;
  readonly maxWorkers: number;
}): number {
  return Math.max(
    1,
    Math.min(machine.cpus - 1, Math.floor(machine.availableMiB / 1024 / 2), machine.maxWorkers),
  );
}

/** Processors that this process may use. */
export function cpus(): number {
  return availableParallelism();
}
