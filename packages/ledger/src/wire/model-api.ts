/** An interface of a model server whose answers tell what they used. Completions of the old kind count as chats. */
export type ModelApi = "chat" | "responses" | "embeddings" | "messages";

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
