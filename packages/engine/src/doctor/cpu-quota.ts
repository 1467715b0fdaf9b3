import { readFileSync } from "node:fs";

type Read = (path: string) => string | null;

function readFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // no control groups, or those of the other version
  }
}

/**
 * Returns how many processors' worth of time the control group of a container allows, or null where it sets no limit.
 *
 * Source: Linux, cgroup v2 `cpu.max` ("200000 100000" or "max 100000", in microseconds); v1 `cpu.cfs_quota_us`.
 */
export function cpuQuota(read: Read = readFile): number | null {
  const [quota, period] =
    read("/sys/fs/cgroup/cpu.max")?.trim().split(" ") ??
    ["quota", "period"].map((name) => read(`/sys/fs/cgroup/cpu/cpu.cfs_${name}_us`)?.trim());
  const share = Number(quota) / Number(period);
  return Number.isFinite(share) && share > 0 ? Math.round(share * 100) / 100 : null;
}
