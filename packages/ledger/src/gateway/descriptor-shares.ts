import { readFileSync } from "node:fs";

/** Assumed where the system does not tell: what others than Linux let a process of Node have at least. */
const UNTOLD = 10_000;

/** Returns how many file descriptors, and so connections, this process may have at once. */
export function descriptorLimit(): number {
  try {
    const told = /^Max open files +(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return told === "unlimited" ? Number.MAX_SAFE_INTEGER : told === undefined ? UNTOLD : Number(told);
  } catch {
    return UNTOLD;
  }
}

/** Most connections at once. What is left of the descriptors is for files and everything else. */
export interface DescriptorShares {
  /** To the gateway, of clients in its own thread, and as many of those in all workers; more wait. */
  readonly clients: number;
  /** That the gateway takes; more are refused, and told to come again. */
  readonly taken: number;
  /** To model servers; more wait. */
  readonly upstream: number;
}

/** Shares out the descriptors of a process: clients may be in the same one as the gateway. */
export function shareDescriptors(limit: number): DescriptorShares {
  const fifth = Math.max(1, Math.floor(limit / 5));
  return { clients: fifth, taken: 2 * fifth, upstream: fifth };
}
