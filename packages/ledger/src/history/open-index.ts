import { join } from "node:path";
import { SheafError } from "@sheaf/core";
import type { RunIndex } from "./run-index.ts";

export interface IndexOptions {
  /** Folder of the state of runs, in which the index is kept as `sheaf.db`. */
  readonly stateDir: string;
  /** A PostgreSQL server that keeps it instead: `postgres://user:password@host:5432/database`. */
  readonly url?: string | undefined;
}

/**
 * Opens the index of what runs have cost. The libraries for that are loaded here, so that a run needs none of them.
 *
 * @throws SheafError OPTION_INVALID when `url` is no URL of a PostgreSQL server.
 */
export async function openIndex({ stateDir, url }: IndexOptions): Promise<RunIndex> {
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    const expected = "the URL of a PostgreSQL server, such as postgres://user:password@host:5432/database";
    throw new SheafError("OPTION_INVALID", {
      option: "SHEAF_DATABASE_URL",
      expected,
      got: url.replace(/:[^/@]*@/, ":***@"),
    });
  }
  const { createIndex } = await import("./run-index.ts");
  return createIndex(stateDir, url === undefined ? { path: join(stateDir, "sheaf.db") } : { url });
}
