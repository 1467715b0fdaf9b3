import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

type Write = typeof process.stdout.write;

/** Sends what is printed in this worker to files beside the attempt's work directory. Returns how to stop. */
export function captureOutput(beside: string): () => void {
  const logs = join(beside, "logs");
  const restore = (["stdout", "stderr"] as const).map((name) => {
    const stream = process[name];
    const own = stream.write;
    stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
      mkdirSync(logs, { recursive: true });
      appendFileSync(join(logs, `${name}.txt`), chunk);
      const callback = typeof encoding === "function" ? encoding : done;
      if (typeof callback === "function") callback();
      return true;
    }) as Write;
    return () => {
      stream.write = own;
    };
  });
  return () => {
    for (const back of restore) back();
  };
}
