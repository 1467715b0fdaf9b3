// The engine's end of an attempt that runs in a worker.
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type AbortCause,
  type AttemptEnd,
  type AttemptPort,
  type AttemptRequest,
  type Clock,
  type Room,
  type RunningAttempt,
  toWireError,
} from "@sheaf/core";
import { abortReason } from "./abort-reason.ts";
import type { TreeMemory } from "./process-memory.ts";
import { pathInRoom, placeInRoom } from "./room-path.ts";
import { usageBeyond } from "./worker/usage-file.ts";
import type { EngineAnswer, EngineMessage, WireEnd, WireRequest, WorkerMessage } from "./worker/wire.ts";

/** Outputs larger than this are not sent along; the worker reads them from the run's folder. */
const MAX_ALONG_BYTES = 64 * 1024;

/** How long an aborted attempt may take to end by itself, in ms. */
export const GRACE_MS = 500;

export interface WorkerLink {
  readonly clock: Clock;
  send(message: EngineMessage): void;
  /** Makes the attempt end, whatever it is doing. */
  kill(lease: string): void;
}

/** What is known of the loss of a worker; see `AttemptEnd`. */
export interface Loss {
  readonly outOfMemory: boolean;
  readonly together: boolean;
  readonly quiet: boolean;
}

/** Returns an attempt in the form in which it goes to a worker. */
export function toWireRequest(request: AttemptRequest): WireRequest {
  const { inputs, place, work, lease, runId, task, attempt, memoryLimitMiB, env } = request;
  if (work.kind !== "module" || place.beside === null || inputs.folder === null) {
    throw new Error("Internal error: a worker needs a module, a place on disk and a folder of outputs");
  }
  const along = new Map<string, Uint8Array>();
  for (const id of inputs.likely) {
    const bytes = inputs.output(id);
    if (bytes !== undefined && bytes.byteLength <= MAX_ALONG_BYTES) along.set(id, bytes);
  }
  const { room = null } = place;
  return {
    lease,
    runId,
    task,
    attempt,
    work,
    moduleBehind: room === null ? null : urlInRoom(room, work.module),
    place: placeInRoom({ ...place, beside: place.beside }),
    along,
    outputs: room === null ? inputs.folder : pathInRoom(room, inputs.folder),
    memoryLimitMiB,
    env,
  };
}

const largerOf = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

const urlInRoom = (room: Room, url: string): string =>
  pathToFileURL(pathInRoom(room, fileURLToPath(url))).href;

/** An attempt in a worker, as the engine sees it. */
export class WorkerAttemptHandle implements RunningAttempt {
  readonly ended: Promise<AttemptEnd>;
  readonly #request: AttemptRequest;
  readonly #port: AttemptPort;
  readonly #link: WorkerLink;
  readonly #startedAt: number;
  #resolve: (end: AttemptEnd) => void = () => {};
  #stopGrace = (): void => {};
  #aborted = false;
  #over = false;
  #usageHeard = 0;
  #memoryMiB: number | null = null;
  #peakMiB: number | null = null;

  constructor(request: AttemptRequest, port: AttemptPort, link: WorkerLink) {
    this.#request = request;
    this.#port = port;
    this.#link = link;
    this.#startedAt = link.clock.now();
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  memoryMiB(): number | null {
    return this.#memoryMiB;
  }

  /** Takes a figure that somebody else measured. */
  noteMemory(memory: TreeMemory | null): void {
    this.#memoryMiB = memory?.nowMiB ?? null;
    if (memory !== null) this.#peakMiB = Math.max(memory.peakMiB, this.#peakMiB ?? 0);
  }

  abort(cause: AbortCause): void {
    if (this.#aborted || this.#over) return;
    this.#aborted = true;
    const { lease, task } = this.#request;
    this.#link.send({ type: "abort", lease, reason: toWireError(abortReason(task.id, cause)) });
    // Memory does not wait for good manners.
    const graceMs = cause.kind === "out-of-memory" ? 0 : GRACE_MS;
    this.#stopGrace = this.#link.clock.after(graceMs, () => this.#link.kill(lease));
  }

  /** Takes what the worker says about this attempt. */
  receive(message: WorkerMessage): void {
    if (this.#over) return;
    switch (message.type) {
      case "progress":
        this.#port.progress(message.fraction, message.message);
        break;
      case "log":
        this.#port.log(message.message);
        break;
      case "heartbeat":
        this.#port.heartbeat();
        break;
      case "usage":
        this.#usageHeard += 1;
        this.#port.usage(message.usage);
        break;
      case "model":
        this.#port.modelLoaded(message.name, message.vramMiB);
        break;
      case "past-gateway":
        this.#port.pastGateway();
        break;
      case "memory":
        this.noteMemory({ nowMiB: message.mib, peakMiB: message.mib });
        break;
      case "read":
        void this.#answer(message.id, () => this.#port.read(message.path));
        break;
      case "budget":
        void this.#answer(message.id, () => this.#port.budget());
        break;
      case "ended":
        this.end(message.end);
        break;
      default:
        message satisfies never;
    }
  }

  async #answer(id: number, find: () => Promise<EngineAnswer>): Promise<void> {
    const { lease } = this.#request;
    try {
      this.#link.send({ type: "answer", lease, id, answer: await find() });
    } catch (error) {
      this.#link.send({ type: "answer", lease, id, error: toWireError(error) });
    }
  }

  /** The worker is gone. */
  lose(how: string, loss: Loss): void {
    const measured = { latencyMs: 0, cpuMs: null, peakMemoryMiB: null };
    this.end({ status: "lost", how, ...loss, taken: [], measured, observed: null });
  }

  /** Ends the attempt. What comes later is not heard. */
  end(end: WireEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopGrace();
    // What a dying worker could not say any more stands in its file.
    const beside = this.#request.place.beside!;
    for (const usage of usageBeyond(beside, this.#usageHeard)) this.#port.usage(usage);
    const { measured, taken, quiet, observed } = end;
    const common = {
      measured: {
        // A worker that could say so tells how long the work itself took, without its own start.
        latencyMs: measured.latencyMs > 0 ? measured.latencyMs : this.#link.clock.now() - this.#startedAt,
        cpuMs: measured.cpuMs,
        // The worker knows itself best, and others what it has started.
        peakMemoryMiB: largerOf(measured.peakMemoryMiB, this.#peakMiB),
      },
      taken,
      quiet,
      observed,
    };
    // An aborted attempt that still returned something did so too late.
    this.#resolve(this.#aborted ? { status: "aborted", ...common } : { ...end, ...common });
  }
}
