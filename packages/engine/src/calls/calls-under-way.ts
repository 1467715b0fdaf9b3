import { type CallFinished, type CallStarted, isSnapshot } from "@sheaf/ledger";

type Asked = Pick<CallStarted, "model" | "provider">;

/** The calls of one attempt that are under way. */
export class CallsUnderWay {
  readonly #asked = new Map<number, Asked>();

  started({ call, model, provider }: CallStarted): void {
    this.#asked.set(call, { model, provider });
  }

  finished({ call }: CallFinished): void {
    this.#asked.delete(call);
  }

  /** Returns who is paid for a call that the agent tells of before it is over; null where that is not certain. */
  providerOf(model: string): string | null {
    const providers = new Set<string>();
    for (const asked of this.#asked.values()) {
      if (asked.model !== null && isSnapshot(model, asked.model)) providers.add(asked.provider);
    }
    const [provider = null] = providers;
    return providers.size === 1 ? provider : null;
  }
}
