import { readFileSync } from "node:fs";

/** What the kernel says where every user of the machine is known under his own number. */
const WHOLE_MACHINE = "0 0 4294967295";

function knowsAllUsers(): boolean {
  try {
    return readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/).join(" ") === WHOLE_MACHINE;
  } catch {
    return true; // a kernel without user namespaces
  }
}

/** Tells whether this process may all that root may, in whatever namespace. */
export const isRoot = (): boolean => process.geteuid?.() === 0;

/** Tells whether this process is root of the machine, and not of a container of an ordinary user. */
export const isMachineRoot = (): boolean => isRoot() && knowsAllUsers();
