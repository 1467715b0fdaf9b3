import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is removed at the end of its scope. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

/** Makes an empty folder below `place`, by default the one for temporary files. */
export function temporaryFolder(place: string = tmpdir()): TemporaryFolder {
  const path = mkdtempSync(join(place, "sheaf-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
