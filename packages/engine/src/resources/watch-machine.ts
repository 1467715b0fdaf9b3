import type { Clock } from "@sheaf/core";
import { cpus, memoryLimitMiB } from "./machine.ts";

/** The machine of a run, and how busy it was. */
interface MachineFound {
  readonly processor: string;
  readonly cores: number;
  readonly memoryMiB: number;
  /** Share of all processors in use since the watch began, 0 to 100. */
  readonly busyPercent: number;
}

export interface MachineWatch {
  /** Ends the watch. Null when the run was over before it had begun, or nothing could be found out. */
  finish(): Promise<MachineFound | null>;
}

/** Looking at the machine costs about 100 ms of processor time: a short run is not worth it. */
const AFTER_MS = 1_000;

/** Begins to watch the machine a second from now. What goes wrong with it is no trouble of the run. */
export function watchMachine(clock: Clock): MachineWatch {
  let begun: Promise<() => Promise<MachineFound>> | null = null;
  const cancel = clock.after(AFTER_MS, () => {
    begun = begin();
    begun.catch(() => {});
  });
  return {
    async finish() {
      cancel();
      try {
        return begun === null ? null : await (await begun)();
      } catch {
        return null;
      }
    },
  };
}

async function begin(): Promise<() => Promise<MachineFound>> {
  const { default: information } = await import("systeminformation");
  const { manufacturer, brand } = await information.cpu();
  await information.currentLoad(); // the next call tells what was used since this one
  return async () => ({
    processor: `${manufacturer} ${brand}`.trim(),
    cores: cpus(),
    memoryMiB: memoryLimitMiB(),
    busyPercent: Math.round((await information.currentLoad()).currentLoad),
  });
}
