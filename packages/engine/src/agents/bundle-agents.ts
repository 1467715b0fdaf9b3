import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SheafError } from "@sheaf/core";
import { cacheFolder } from "@sheaf/workdir";
import type { Plugin } from "esbuild";
import type { TaskWork } from "./resolve-work.ts";

const TYPESCRIPT = new Set([".ts", ".mts", ".cts", ".tsx"]);
const LOADERS = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".jsx": "jsx",
} as const;

/** Name that stands for `import.meta.url` in a bundled file. */
const OWN_URL = "__sheafModuleUrl";

// In a bundle `import.meta.url` would be the bundle's: each file gets its own back.
const keepUrls: Plugin = {
  name: "keep-import-meta-url",
  setup(build) {
    build.onLoad({ filter: /\.([cm]?ts|tsx|m?js|jsx)$/, namespace: "file" }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const loader = LOADERS[extname(path) as keyof typeof LOADERS];
      if (loader === undefined || !text.includes("import.meta.url")) return undefined;
      const line = `const ${OWN_URL} = ${JSON.stringify(pathToFileURL(path).href)};`;
      return { contents: `${line}${text.replaceAll("import.meta.url", OWN_URL)}`, loader };
    });
  },
};

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

// The bundle must lie where its packages can be found: below the folder whose node_modules holds them.
function bundleFolder(file: string): { readonly folder: string; readonly packages: "external" | "bundle" } {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(modules) && isWritable(modules)) {
      return { folder: join(modules, ".cache", "sheaf"), packages: "external" };
    }
  }
  const own = cacheFolder() ?? mkdtempSync(join(tmpdir(), "sheaf-"));
  return { folder: join(own, "agents"), packages: "bundle" };
}

async function bundle(url: string, signal: AbortSignal | undefined): Promise<string> {
  const file = fileURLToPath(url);
  const { folder, packages } = bundleFolder(file);
  // Loaded on demand: a run without TypeScript agents does not pay for it.
  const { context } = await import("esbuild");
  const compiler = await context({
    ...{ entryPoints: [file], bundle: true, write: false, platform: "node", format: "esm", target: "node20" },
    ...{ packages, sourcemap: "inline", logLevel: "silent", plugins: [keepUrls] },
  });
  const cancel = (): void => void compiler.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  let code: string;
  try {
    signal?.throwIfAborted();
    code = (await compiler.rebuild()).outputFiles[0]!.text;
  } catch (error) {
    signal?.throwIfAborted();
    const problem = error instanceof Error ? error.message : String(error);
    throw new SheafError("AGENT_MODULE_FAILED", { module: file, problem }, { cause: error });
  } finally {
    signal?.removeEventListener("abort", cancel);
    await compiler.dispose();
  }
  const name = createHash("sha256").update(code).digest("hex").slice(0, 20);
  const path = join(folder, `${name}.mjs`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, code);
    renameSync(`${path}.${process.pid}`, path);
  }
  return pathToFileURL(path).href;
}

const isTypeScript = ({ work }: TaskWork): boolean =>
  work.kind === "module" && TYPESCRIPT.has(extname(fileURLToPath(work.module)));

/**
 * Returns the works with every TypeScript module replaced by a bundle that plain Node can import. Each module is
 * compiled once, here; workers only import the result.
 *
 * @throws SheafError AGENT_MODULE_FAILED with the compiler's words; the signal's reason when it is aborted.
 */
export async function bundleAgents(
  works: readonly TaskWork[],
  signal?: AbortSignal,
): Promise<readonly TaskWork[]> {
  const bundles = new Map<string, Promise<string>>();
  return Promise.all(
    works.map(async (each) => {
      if (each.work.kind !== "module" || !isTypeScript(each)) return each;
      const { module } = each.work;
      if (!bundles.has(module)) bundles.set(module, bundle(module, signal));
      return { ...each, work: { ...each.work, module: await bundles.get(module)! } };
    }),
  );
}
