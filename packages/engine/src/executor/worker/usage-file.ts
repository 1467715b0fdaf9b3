import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { UsageRecord } from "@sheaf/core";
import { USAGE_FILE } from "./wire.ts";

/** Keeps a usage record on disk: messages of a dying process are lost, an appended line is not. */
export function keepUsage(beside: string, usage: UsageRecord): void {
  appendFileSync(join(beside, USAGE_FILE), `${JSON.stringify(usage)}\n`);
}

/** Returns the records of an attempt beyond the first `known`; a line that was cut off is left out. */
export function usageBeyond(beside: string, known: number): readonly UsageRecord[] {
  const path = join(beside, USAGE_FILE);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.slice(known).map((line) => JSON.parse(line) as UsageRecord);
}
