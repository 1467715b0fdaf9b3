import { randomBytes } from "node:crypto";
import { runId, SheafError, taskId } from "@sheaf/core";
import type { CallOwner } from "./call-event.ts";
import type { CallPath } from "./call-path.ts";
import { Occurrences, type Recordings } from "./recordings.ts";

/** An attempt that may call. */
export class Admission {
  readonly owner: CallOwner;
  /** What its clients send as their key. */
  readonly token: string = `sheaf-${randomBytes(24).toString("base64url")}`;
  /** Answers of its task; null where none are kept. */
  readonly recordings: Recordings | null;
  readonly occurrences: Occurrences = new Occurrences();
  readonly #open = new Set<Promise<unknown>>();
  #calls = 0;

  constructor(owner: CallOwner, recordings: Recordings | null) {
    this.owner = owner;
    this.recordings = recordings;
  }

  /** Counts one more call and returns its number. */
  nextCall(): number {
    this.#calls++;
    return this.#calls;
  }

  /** Keeps a call in mind until it is over. */
  follow(call: Promise<unknown>): void {
    this.#open.add(call);
    void call.finally(() => this.#open.delete(call));
  }

  /** Resolves when no call is open. */
  async quiet(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
  }
}

/** Which attempts may call, each by a token of its own. */
export class Admissions {
  readonly #byToken = new Map<string, Admission>();
  readonly #byOwner = new Map<string, Admission>();

  /**
   * Admits an attempt; one that is admitted already keeps its token.
   *
   * @throws SheafError RUN_ID_INVALID, TASK_ID_INVALID, OPTION_INVALID when its ids are none
   */
  admit(owner: CallOwner, recordingsOf: (owner: CallOwner) => Recordings | null): Admission {
    const { attempt } = owner;
    if (!Number.isSafeInteger(attempt) || attempt < 1) {
      throw new SheafError("OPTION_INVALID", {
        option: "attempt",
        expected: "an integer >= 1",
        got: attempt,
      });
    }
    const checked = { runId: runId(owner.runId), taskId: taskId(owner.taskId), attempt };
    const known = this.#byOwner.get(keyOf(checked));
    if (known !== undefined) return known;
    const admission = new Admission(checked, recordingsOf(checked));
    this.#byOwner.set(keyOf(checked), admission);
    this.#byToken.set(admission.token, admission);
    return admission;
  }

  /** Takes an attempt's right to call, and returns what it was, or null where it had none. */
  dismiss(owner: CallOwner): Admission | null {
    const admission = this.#byOwner.get(keyOf(owner));
    if (admission === undefined) return null;
    this.#byOwner.delete(keyOf(owner));
    this.#byToken.delete(admission.token);
    return admission;
  }

  /** Returns who may call below this path with one of these keys, or null. */
  find(path: CallPath, keys: readonly string[]): Admission | null {
    const admissions = keys.map((key) => this.#byToken.get(key));
    return admissions.find((each) => each !== undefined && keyOf(each.owner) === keyOf(path)) ?? null;
  }

  dismissAll(): void {
    this.#byOwner.clear();
    this.#byToken.clear();
  }
}

// No id holds a "/".
const keyOf = ({ runId, taskId, attempt }: Pick<CallPath, "runId" | "taskId" | "attempt">): string =>
  `${runId}/${taskId}/${attempt}`;
