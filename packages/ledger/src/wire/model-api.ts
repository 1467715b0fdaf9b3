import type { ModelApi } from "@sheaf/core";

const APIS: readonly (readonly [end: RegExp, api: ModelApi])[] = [
  [/\/completions$/, "chat"],
  [/\/responses$/, "responses"],
  [/\/embeddings$/, "embeddings"],
  [/\/messages$/, "messages"],
];

/** Returns which interface a path without its query leads to, or null where it is none of these. */
export function modelApiOf(path: string): ModelApi | null {
  return APIS.find(([end]) => end.test(path))?.[1] ?? null;
}
