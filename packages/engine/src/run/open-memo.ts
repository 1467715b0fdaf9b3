import { join, resolve } from "node:path";
import { type MemoScope, nameSome, SheafError } from "@sheaf/core";
import { dataFolder, isOwnFolder } from "@sheaf/workdir";
import { codeHashes } from "../agents/code-hash.ts";
import { SETTING_TABLE } from "../config/setting-table.ts";
import type { Settings } from "../config/settings.ts";
import { memoOf, whyForgotten } from "./memo.ts";
import { type Memo, MemoStore } from "./memo-store.ts";
import type { RunRequest } from "./run-request.ts";

export interface OpenedMemo {
  /** Null where no task asks for one. */
  readonly memo: Memo | null;
  /** Which tasks ask for one and are done each time, and why. */
  readonly notes: readonly string[];
}

/**
 * Opens what earlier runs have kept, as far as tasks ask for it.
 *
 * @throws SheafError OPTION_INVALID when others can write to the store that the caller named.
 */
export async function openMemo(request: RunRequest, tracked: readonly boolean[]): Promise<OpenedMemo> {
  const { tasks, works, settings } = request;
  const asking = tasks.flatMap((_, task) => {
    const rule = memoOf({ ...request, tracked, memo: null }, task);
    return rule === null || rule.scope === "run" ? [] : [{ task, scope: rule.scope }];
  });
  if (asking.length === 0) return { memo: null, notes: [] };
  const scopes = new Set(asking.map(({ scope }) => scope));
  const places = [...scopes].map((scope) => [scope, folderOf(request, scope)] as const);
  const stores = new Map(
    places.flatMap(([scope, { folder }]) => (folder === null ? [] : [[scope, new MemoStore(folder)]])),
  );
  const memo: Memo = { stores, code: await codeHashes(works) };
  const reasons = new Map<string, string[]>();
  for (const { task, scope } of asking) {
    const why =
      whyForgotten({ tasks, works, settings, tracked, memo }, task) ??
      places.find(([each]) => each === scope)![1].why;
    if (why !== null) reasons.set(why, [...(reasons.get(why) ?? []), tasks[task]!.id]);
  }
  return {
    memo,
    notes: [...reasons].map(([why, ids]) => `${nameSome(ids)}: \`memo\` has no effect, as ${why}.`),
  };
}

/** Folder of the memo that all directories share. */
export const sharedMemoFolder = ({ memoStore }: Pick<Settings, "memoStore">): string =>
  memoStore === null ? join(dataFolder(), "memo") : resolve(memoStore);

interface Place {
  readonly folder: string | null;
  readonly why: string | null;
}

function folderOf({ settings, stateDir }: RunRequest, scope: MemoScope): Place {
  if (scope === "directory") {
    if (stateDir !== null) return { folder: join(stateDir, "memo"), why: null };
    return { folder: null, why: "the run has no directory in which that could be kept" };
  }
  const folder = sharedMemoFolder(settings);
  if (isOwnFolder(folder)) return { folder, why: null };
  if (settings.memoStore === null)
    return { folder: null, why: `${folder} cannot be made, or others can write to it` };
  const expected = `a folder that can be made and that only you can write to (chmod go-w; also ${SETTING_TABLE.memoStore.env})`;
  throw new SheafError("OPTION_INVALID", { option: "memoStore", expected, got: settings.memoStore });
}
