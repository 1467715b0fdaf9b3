// Remembers that overlays work. That they do not is never remembered: what helps must help at once.
import { mkdirSync, readFileSync, readlinkSync, renameSync, statSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { isAbsolute, join } from "node:path";
import type { OverlayVerdict } from "./probe-verdict.ts";

type GoodVerdict = OverlayVerdict & { readonly ok: true };

export interface ProbeCache {
  read(): GoodVerdict | undefined;
  write(verdict: GoodVerdict): void;
}

const NO_CACHE: ProbeCache = { read: () => undefined, write: () => {} };

function cacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  const { XDG_CACHE_HOME: cache = "", HOME: home = "" } = env;
  if (isAbsolute(cache)) return join(cache, "sheaf");
  return isAbsolute(home) ? join(home, ".cache", "sheaf") : undefined;
}

// A container may share the cache, the kernel and the user's number with its host, and yet may less.
function conditions(): string {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const status = readFileSync("/proc/self/status", "utf8");
  const rights = status.match(/^(CapEff|Seccomp):.*$/gm) ?? [];
  const namespace = readlinkSync("/proc/self/ns/user");
  return [bootId, release(), process.version, namespace, ...rights].join(" ").replaceAll("\t", " ");
}

function parse(text: string, key: string): GoodVerdict | undefined {
  const kept = JSON.parse(text) as { key?: unknown; how?: unknown; as?: unknown };
  if (kept.key !== key) return undefined;
  const { how, as } = kept;
  if ((how !== "ffi" && how !== "mount") || (as !== "root" && as !== "user")) return undefined;
  return { ok: true, how, as };
}

/**
 * Returns the cache for a folder: one small file for each device and user, good for this boot, kernel and Node
 * version. A cache that cannot be read or written is as good as none.
 */
export function probeCache(folder: string, ffi: boolean, env: NodeJS.ProcessEnv): ProbeCache {
  const cache = cacheFolder(env);
  if (cache === undefined) return NO_CACHE;
  try {
    const user = process.geteuid?.() ?? 0;
    const file = join(cache, `overlay-${statSync(folder).dev}-${user}${ffi ? "" : "-no-ffi"}.json`);
    const key = conditions();
    return {
      read() {
        try {
          return parse(readFileSync(file, "utf8"), key);
        } catch {
          return undefined;
        }
      },
      write({ how, as }) {
        try {
          mkdirSync(cache, { recursive: true });
          const half = `${file}.${process.pid}`;
          writeFileSync(half, `${JSON.stringify({ key, how, as })}\n`);
          renameSync(half, file);
        } catch {
          // The next probe takes a little longer.
        }
      },
    };
  } catch {
    return NO_CACHE;
  }
}
