import type { Task } from "@sheaf/core";
import { MOST_LIST_CHARS, type ShownList, shownList } from "./list-text.ts";
import { DEFAULT_BASE_URL, type ModelSettings } from "./model-settings.ts";

/** Three halvings of the most. A server that refuses so few characters is not asked with fewer. */
const LEAST_LIST_CHARS = 20_000;

/** Lengths that servers were left at in this process, by base URL and model, so that each refuses only once. */
const knownLimits = new Map<string, number>();

const serverOf = ({ baseUrl = DEFAULT_BASE_URL, model }: ModelSettings): string => `${baseUrl} ${model}`;

/** Returns the list as the server is shown it first. */
export function fittingList(tasks: readonly Task[], settings: ModelSettings): ShownList {
  return shownList(tasks, knownLimits.get(serverOf(settings)) ?? MOST_LIST_CHARS);
}

/** Returns the list at half of the length that a server has refused; null where that is too little to be worth asking. */
export function shorterList(
  tasks: readonly Task[],
  refused: ShownList,
  settings: ModelSettings,
): ShownList | null {
  if (refused.chars <= LEAST_LIST_CHARS) return null;
  const mostChars = Math.max(LEAST_LIST_CHARS, Math.floor(refused.chars / 2));
  knownLimits.set(serverOf(settings), mostChars);
  return shownList(tasks, mostChars);
}
