import information from "systeminformation";
import { endedChildrenCpuMs } from "./ended-children-cpu.ts";

/** What the figures were taken on. No names: only what makes them what they are. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Processor time holds that of child processes too. */
  readonly countsChildren: boolean;
}

/** Looks at the machine. */
export async function describeMachine(): Promise<Machine> {
  const [cpu, memory, os] = await Promise.all([information.cpu(), information.mem(), information.osInfo()]);
  // A container may use less than the machine has; "no limit" is a number larger than any memory.
  const bytes = Math.min(memory.total, process.constrainedMemory() || memory.total);
  return {
    processor: `${cpu.manufacturer} ${cpu.brand}`.trim(),
    cores: cpu.cores,
    memoryGiB: Math.round(bytes / 2 ** 30),
    system: `${os.distro} ${os.release}, kernel ${os.kernel.split("-")[0]}`,
    node: process.version,
    countsChildren: endedChildrenCpuMs() !== null,
  };
}
