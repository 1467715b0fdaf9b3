import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files by path: text, or a link target. A path that ends in "/" is an empty folder. */
export type Files = Readonly<
  Record<string, string | { readonly link: string } | { readonly text: string; readonly mode: number }>
>;

/** Writes files below a folder. */
export function writeFiles(root: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (path.endsWith("/")) continue;
    if (typeof content === "string") writeFileSync(full, content);
    else if ("link" in content) symlinkSync(content.link, full);
    else {
      writeFileSync(full, content.text);
      chmodSync(full, content.mode);
    }
  }
}

/**
 * Returns everything below a folder, one line an entry, in order: name, kind, permission bits, target or text. Two
 * folders are the same to a reader when this is equal. `.sheaf` is left out.
 */
export function readTree(root: string): readonly string[] {
  const lines: string[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder)).sort()) {
      if (name === ".sheaf") continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      const stat = lstatSync(join(root, path));
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isSymbolicLink()) lines.push(`${path} link -> ${readlinkSync(join(root, path))}`);
      else if (stat.isDirectory()) {
        lines.push(`${path}/ folder ${mode}`);
        visit(path);
      } else lines.push(`${path} file ${mode} ${JSON.stringify(readFileSync(join(root, path), "latin1"))}`);
    }
  };
  visit("");
  return lines;
}

/** A folder that is removed when the test is over: `using dir = tempDir()`. */
export interface TempDir {
  readonly path: string;
  [Symbol.dispose](): void;
}

/** Where Linux keeps files in memory. */
const IN_MEMORY = "/dev/shm";

/** Makes a folder for one test, filled with these files. */
export function tempDir(files: Files = {}): TempDir {
  return dirBelow(tmpdir(), files);
}

/** Makes such a folder in memory where there is a file system for that: thousands of cases take a quarter of the time. */
export function memoryDir(files: Files = {}): TempDir {
  return dirBelow(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), files);
}

function dirBelow(parent: string, files: Files): TempDir {
  const path = mkdtempSync(join(parent, "sheaf-test-"));
  writeFiles(path, files);
  return { path, [Symbol.dispose]: () => removeAll(path) };
}

// A test may leave folders that even their owner may not change.
function removeAll(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    openFolders(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function openFolders(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) openFolders(join(path, name));
}
