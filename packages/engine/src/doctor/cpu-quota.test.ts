import { expect, test } from "vitest";
import { cpuQuota } from "./cpu-quota.ts";

const files = (contents: Readonly<Record<string, string>>) => (path: string) => contents[path] ?? null;
const V1 = "/sys/fs/cgroup/cpu/cpu.cfs_";

test.each([
  ["version 2 with a limit", { "/sys/fs/cgroup/cpu.max": "150000 100000\n" }, 1.5],
  ["version 2 without", { "/sys/fs/cgroup/cpu.max": "max 100000\n" }, null],
  ["version 1 with a limit", { [`${V1}quota_us`]: "50000\n", [`${V1}period_us`]: "100000\n" }, 0.5],
  ["version 1 without", { [`${V1}quota_us`]: "-1\n", [`${V1}period_us`]: "100000\n" }, null],
  ["none", {}, null],
])("control groups of %s", (_, contents, quota) => {
  expect(cpuQuota(files(contents as Readonly<Record<string, string>>))).toBe(quota);
});
