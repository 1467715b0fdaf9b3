import { chmodSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import fsExtra from "fs-extra";

const REFUSED: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM", "ENOTEMPTY"]);

function openFolders(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) openFolders(join(path, name));
}

/** Removes a folder and everything below it, folders included that their owner may not change. Absent is fine. */
export async function removeTree(path: string): Promise<void> {
  // A tenth of what it takes to be told so by a thread; most views lie where nothing was.
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  try {
    await fsExtra.remove(path);
  } catch (error) {
    if (!REFUSED.has((error as NodeJS.ErrnoException).code)) throw error;
    openFolders(path);
    await fsExtra.remove(path);
  }
}

/** Does the same at once, which takes the event loop's time. */
export function removeTreeNow(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!REFUSED.has((error as NodeJS.ErrnoException).code)) throw error;
    openFolders(path);
    rmSync(path, { recursive: true, force: true });
  }
}
