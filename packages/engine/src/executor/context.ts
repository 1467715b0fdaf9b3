import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AgentContext,
  type AttemptPlace,
  type AttemptPort,
  type RunId,
  SheafError,
  type TaskDirs,
} from "@sheaf/core";
import { checkUsage } from "@sheaf/ledger";
import type { InputProxy } from "./input-proxy.ts";

export interface ContextParts {
  readonly runId: RunId;
  readonly taskId: string;
  readonly attempt: number;
  readonly place: AttemptPlace;
  /** The attempt's own folders; undefined without a place on disk. */
  readonly dirs: TaskDirs | undefined;
  readonly inputs: InputProxy;
  readonly signal: AbortSignal;
}

function checkFraction(fraction: unknown): number | null {
  if (fraction === null) return null;
  if (typeof fraction === "number" && fraction >= 0 && fraction <= 1) return fraction;
  throw new SheafError("OPTION_INVALID", {
    option: "fraction",
    expected: "a number from 0 to 1, or null",
    got: fraction,
  });
}

/** Returns what an agent is handed beside its task; the same in every executor. */
export function createContext(parts: ContextParts, port: AttemptPort): AgentContext {
  const { taskId, place, dirs } = parts;
  const need = <T>(value: T | null | undefined, member: string): T => {
    if (value !== null && value !== undefined) return value;
    throw new SheafError("CONTEXT_NO_DIR", { taskId, member });
  };
  async function read(path: string): Promise<Buffer>;
  async function read(path: string, encoding: BufferEncoding): Promise<string>;
  async function read(path: string, encoding?: BufferEncoding): Promise<Buffer | string> {
    const view = need(place.view, "read()");
    await port.read(path);
    // Whether it is there, a folder or a file, the file system tells in its own words.
    return readFile(join(view, path), encoding);
  }
  return {
    runId: parts.runId,
    attempt: parts.attempt,
    idempotencyKey: `${parts.runId}.${taskId}`,
    get dir(): string {
      return need(place.view, "dir");
    },
    get dirs(): TaskDirs {
      return need(dirs, "dirs");
    },
    read,
    signal: parts.signal,
    inputs: parts.inputs.inputs,
    recordUsage: (usage) => port.usage(checkUsage(usage)),
    budget: () => port.budget(),
    modelLoaded: (name, vramMiB) => port.modelLoaded(String(name), vramMiB ?? null),
    progress: (fraction, message) =>
      port.progress(checkFraction(fraction), message === undefined ? null : String(message)),
    heartbeat: () => port.heartbeat(),
    log: (message) => port.log(String(message)),
  };
}
