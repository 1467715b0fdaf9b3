import type { UsageRecord } from "@sheaf/core";

/** Where the parts of a conversation with a model are noted as they come, so that they outlive a failure. */
export interface ModelNotes {
  /** What the server told of each request, failed ones included. */
  readonly usage: UsageRecord[];
  /** Requests that a server got, did not answer with an error, and of which it has told no usage. */
  unmetered: number;
  /** Sentences for people: formats that the server refused, requests that were made again. */
  readonly repairs: string[];
}

/** Books one request in the notes. */
export interface Meter {
  /** It is on its way, and unmetered until something is told. */
  sent(): void;
  /** It costs nothing. */
  free(): void;
  /** The server told what it cost; the last word counts where it tells that more than once. */
  told(usage: UsageRecord): void;
}

export function openMeter(notes: ModelNotes): Meter {
  let place: number | null = null;
  let isOpen = false;
  const close = (): void => {
    if (isOpen) notes.unmetered--;
    isOpen = false;
  };
  return {
    sent() {
      notes.unmetered++;
      isOpen = true;
    },
    free: close,
    told(usage) {
      close();
      if (place === null) place = notes.usage.push(usage) - 1;
      else notes.usage[place] = usage;
    },
  };
}
