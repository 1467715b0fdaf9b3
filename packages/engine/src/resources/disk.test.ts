import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { executeWithParallelism } from "../index.ts";
import { requireDisk } from "./disk.ts";

const OTHER = "/dev/shm";
const freeMiB = (dir: string): number => {
  const { bavail, bsize } = statfsSync(dir);
  return (bavail * bsize) / 2 ** 20;
};

test("a disk with too little left is named with the figures", () => {
  expect(() => requireDisk([tmpdir()], 1)).not.toThrow();
  expect(() => requireDisk([tmpdir()], 1e9)).toThrow(
    expect.objectContaining({
      code: "DISK_FULL",
      details: { dir: tmpdir(), freeMiB: expect.any(Number), neededMiB: 1e9 },
    }),
  );
});

// Needs two disks with a clear difference in what they have left.
const fuller = existsSync(OTHER) && freeMiB(OTHER) < freeMiB(tmpdir()) ? OTHER : tmpdir();
const emptier = fuller === OTHER ? tmpdir() : OTHER;
const differ = existsSync(OTHER) && freeMiB(emptier) > 1.5 * freeMiB(fuller);

test.runIf(differ)(
  "the disk of the directory and the disk of the run's folder must both have room",
  async () => {
    const minFreeDiskMb = Math.floor((freeMiB(fuller) + freeMiB(emptier)) / 2);
    for (const [dir, home] of [
      [fuller, emptier],
      [emptier, fuller],
    ] as const) {
      const folders = [dir, home].map((parent) => mkdtempSync(join(parent, "sheaf-disk-"))) as [
        string,
        string,
      ];
      const report = await executeWithParallelism(
        { dir: folders[0], tasks: [{ id: "a", run: "true" }] },
        undefined,
        { env: {}, home: folders[1], minFreeDiskMb },
      );
      for (const folder of folders) rmSync(folder, { recursive: true });
      expect(report.tasks.a?.failure).toMatchObject({ kind: "disk", error: { code: "DISK_FULL" } });
      expect(report.tasks.a?.failure?.error.message).toContain(fuller);
    }
  },
);
