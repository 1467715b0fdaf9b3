import { fileURLToPath } from "node:url";

/**
 * Returns the path of a compiled worker program. Workers always run compiled code: tests run this package from its
 * sources, and Node 20 cannot start a thread on those.
 */
export function workerFile(name: "host-entry" | "process-entry" | "routes-entry"): string {
  const folder = import.meta.url.endsWith(".ts") ? "../../dist/executor/worker/" : "./worker/";
  return fileURLToPath(new URL(`${folder}${name}.js`, import.meta.url));
}
