// What a run has committed: the tree, the log of who changed what, and the live directory that follows.
//
// Owns:     the committed tree, the commit log, the live directory.
// Does not: make views or decide what is committed.
//
// Invariants:
//   C1. The live directory equals the committed tree after every commit (somebody else's changes apart).
//   C2. Effects are committed only as a whole.
//   C3. Bytes that a commit replaces stay readable for whoever holds an earlier tree.
import { putAside } from "./base.ts";
import { applyChanges, type Change } from "./change.ts";
import { CommitLog, undoChanges, undoOf } from "./commit-log.ts";
import { contentHash } from "./content-hash.ts";
import type { Effects } from "./effects.ts";
import { statOf } from "./file-stat.ts";
import type { Live } from "./live-files.ts";
import { type Meanwhile, type MeanwhileRequest, notAsLeft, readDifferently } from "./meanwhile.ts";
import { type Publication, type Published, publish } from "./publish.ts";
import { touches } from "./relative-path.ts";
import { unusable } from "./scan.ts";
import type { OnApplied, Snapshots } from "./snapshots.ts";
import { lookup, type Tree } from "./tree.ts";
import type { CommitResult } from "./workdir.ts";

export interface CommittedStateOptions {
  /** The tree before the first commit of this opening. */
  readonly tree: Tree;
  readonly live: Live;
  /** Absolute path of the shared directory, for messages. */
  readonly dir: string;
  /** Absolute path of the run's own folder, where the commit log lies. */
  readonly runDir: string;
  /** Absolute path of the folder for bytes that commits replace. */
  readonly replaced: string;
  readonly snapshots: Snapshots;
  /** Is told what a rewound commit does to the tree. */
  readonly onRewound: OnApplied;
}

export class CommittedState {
  readonly #options: CommittedStateOptions;
  readonly #commits: CommitLog;
  readonly #log: { readonly taskId: string; readonly changes: readonly Change[] }[] = [];
  readonly #sum = { publishedFiles: 0, publishedBytes: 0, deletedFiles: 0 };
  #tree: Tree;

  constructor(options: CommittedStateOptions) {
    this.#options = options;
    this.#tree = options.tree;
    this.#commits = new CommitLog(options.runDir);
  }

  /** The committed tree of this moment. */
  get tree(): Tree {
    return this.#tree;
  }

  /** How many commits of this opening have changed something. */
  get commits(): number {
    return this.#log.length;
  }

  /** Returns the paths that commits of this opening have changed, but for the first so many. */
  changedSince(commits: number): readonly string[] {
    return this.#log.slice(commits).flatMap(({ changes }) => changes.map(({ path }) => path));
  }

  /** Makes effects part of the tree and of the live directory, or says what is in their way. */
  async commit(effects: Effects, alongside: readonly string[] = []): Promise<CommitResult> {
    const { snapshots } = this.#options;
    const applied = await snapshots.apply(this.#tree, effects);
    if (!("tree" in applied)) return { status: "refused", ...applied };
    const { effective, tree } = applied;
    if (effective.length === 0) {
      this.#options.live.sync(alongside);
      return { status: "committed", files: 0, bytes: 0, deleted: 0, outside: [] };
    }
    await this.#hashAll(effective);
    this.#keepReplaced(effective);
    const undo = undoOf(this.#tree, effective);
    const record = this.#commits.next(effects.taskId, effective, undo);
    const published = this.#publish({
      changes: effective,
      undo,
      record,
      kept: this.#options.runDir,
      alongside,
    });
    snapshots.forget(this.#tree);
    this.#tree = tree;
    this.#log.push({ taskId: effects.taskId, changes: effective });
    this.#sum.publishedFiles += published.files;
    this.#sum.publishedBytes += published.bytes;
    this.#sum.deletedFiles += published.deleted;
    return { status: "committed", ...published };
  }

  // The record of a commit is the manifest of its layer: what it put has its hash there.
  async #hashAll(changes: readonly Change[]): Promise<void> {
    for (const { op, path, ...change } of changes) {
      if (op !== "put" || !("entry" in change) || change.entry.kind !== "file") continue;
      try {
        await contentHash(change.entry.content);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw unusable(this.#options.dir, `${path} cannot be written (${code ?? String(error)})`, error);
      }
    }
  }

  #publish(publication: Publication): Published {
    try {
      return publish(this.#options.live, publication);
    } catch (error) {
      this.#commits.giveUp();
      throw error;
    }
  }

  // Snapshots of running attempts may still need the bytes that are replaced now.
  #keepReplaced(changes: readonly Change[]): void {
    for (const { op, path } of changes) {
      if (op !== "put" && op !== "remove") continue;
      const old = lookup(this.#tree, path);
      if (old?.kind === "file") putAside(old.content, this.#options.replaced, path);
    }
  }

  /** Returns the last task of this opening that changed something at, above or below this path. */
  lastWriter(path: string): string | null {
    const near = ({ changes }: { readonly changes: readonly Change[] }): boolean =>
      changes.some((change) => touches(change.path, path));
    return this.#log.findLast(near)?.taskId ?? null;
  }

  /** Tasks whose changes the run has committed, earlier openings included, in order. */
  tasks(): readonly string[] {
    return this.#commits.read().map(({ taskId }) => taskId);
  }

  /** Takes back all commits but the first so many, from the tree and from the live directory. */
  async rewind(keep: number): Promise<void> {
    for (const record of this.#commits.read().slice(keep).reverse()) {
      const applied = await applyChanges(this.#tree, undoChanges(record));
      if (!("tree" in applied)) {
        const problem = `${applied.path} is ${applied.found} now, so the commit of "${record.taskId}" cannot be taken back`;
        throw unusable(this.#options.dir, problem);
      }
      this.#keepReplaced(applied.effective);
      const undo = undoOf(this.#tree, applied.effective);
      const publication = { changes: applied.effective, undo, record: this.#commits.dropLast() };
      publish(this.#options.live, { ...publication, kept: this.#options.runDir, alongside: [] });
      this.#options.onRewound(this.#tree, applied);
      this.#tree = applied.tree;
    }
  }

  /**
   * Returns what somebody else has changed since the last opening of the run. The next change of such a path finds it
   * in a state that the run has not left.
   */
  async meanwhile(request: Omit<MeanwhileRequest, "timesCount">): Promise<Meanwhile> {
    const { live, dir, runDir } = this.#options;
    const records = this.#commits.read();
    const paths = await notAsLeft(this.#tree, records);
    for (const path of paths) live.stats.delete(path);
    const timesCount = statOf(dir)?.dev === statOf(runDir)?.dev;
    const read = await readDifferently(this.#tree, records, { ...request, timesCount });
    return { paths: [...new Set([...paths, ...read.paths])], readers: read.readers };
  }

  /** What this opening has published. */
  published(): {
    readonly publishedFiles: number;
    readonly publishedBytes: number;
    readonly deletedFiles: number;
  } {
    return { ...this.#sum };
  }
}
