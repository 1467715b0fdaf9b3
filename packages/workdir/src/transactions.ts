// One run's transactions on one shared directory.
//
// Owns:     the views and layers of the run.
// Does not: decide who runs, in what order, or what happens after a conflict; keep what is committed
//           (committed-state.ts).
//
// Invariants:
//   W1. Views are made from the frozen base and from layers, never from the live directory.
//   W2. A layer is not touched again once it is sealed; all of them go when the run is closed.
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { SharedDir } from "@sheaf/core";
import { withAppends } from "./appends.ts";
import { CommittedState } from "./committed-state.ts";
import type { Effects } from "./effects.ts";
import { statOf } from "./file-stat.ts";
import { type KeptEffects, keepEffects, restoreEffects } from "./kept-effects.ts";
import { LinkStore } from "./link-store.ts";
import type { Meanwhile, Standing } from "./meanwhile.ts";
import type { MountedViews, SealedMount } from "./overlay/mounted-views.ts";
import { LOWER_FOLDER } from "./overlay/open-views.ts";
import { seenOtherwise, withPast } from "./past-looks.ts";
import { type Policies, policiesOf } from "./policies.ts";
import type { Prepared } from "./prepared.ts";
import { removeTree } from "./remove-tree.ts";
import { RootHashes } from "./root-hash.ts";
import { chooseRung } from "./rung.ts";
import { findTampered, type Sealed, type SealRequest, sealView } from "./seal.ts";
import { settleConflicts } from "./settle-conflicts.ts";
import { type OnApplied, Snapshots } from "./snapshots.ts";
import { type Staged, stageTree } from "./stage.ts";
import { withoutToolCaches } from "./stand-in.ts";
import { withoutTemp } from "./temp.ts";
import { frozenIn } from "./tree.ts";
import { undeclaredPaths } from "./undeclared.ts";
import { verifyLive } from "./verify-live.ts";
import { type OpenView, readIntoView, readsOf, undeclaredReadsOf, type View } from "./view.ts";
import { EVERYTHING, visible } from "./visible.ts";
import type {
  CommitResult,
  ReuseRequest,
  SealEnd,
  StageRequest,
  StagingRung,
  Validation,
  Workdir,
  WorkdirStatistics,
} from "./workdir.ts";

export class Transactions implements Workdir {
  readonly dir: string;
  readonly rung: StagingRung;
  readonly why: string;
  readonly enter: readonly string[];
  readonly recovered: number;
  readonly #prepared: Prepared;
  readonly #links: LinkStore;
  readonly #mayLink: boolean;
  readonly #mounts: MountedViews | null;
  readonly #snapshots: Snapshots;
  readonly #policies: Policies;
  readonly #committed: CommittedState;
  readonly #rootHashes = new RootHashes();
  readonly #shared: SharedDir;
  #stagedFiles = 0;
  #joined = 0;
  #thrown = 0;
  #removals: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(prepared: Prepared) {
    const { options, base, overlay } = prepared;
    const { rung, links, reason } = chooseRung(options.rung, overlay.verdict);
    this.#prepared = prepared;
    this.#links = new LinkStore(join(options.runDir, "links", prepared.session));
    this.dir = options.dir;
    this.#shared = { path: options.dir, frozen: frozenIn(base.tree).map(({ target }) => target) };
    this.recovered = prepared.recovered;
    this.rung = rung;
    this.#mayLink = links;
    this.#mounts = overlay.views;
    const note: OnApplied = (before, applied) => this.#mounts?.note(before, applied);
    this.#policies = policiesOf(options.policies ?? {});
    this.#snapshots = new Snapshots(note, () => this.#joinedFile());
    this.#committed = new CommittedState({
      ...{ tree: base.tree, live: prepared.live, dir: options.dir, runDir: options.runDir },
      replaced: join(options.runDir, "base", prepared.session),
      ...{ snapshots: this.#snapshots, onRewound: note },
    });
    this.enter = this.#mounts?.enter ?? [];
    const files = base.files === 1 ? "1 file" : `${base.files} files`;
    const paths = this.#mounts === null ? "" : `; processes see theirs ${this.#mounts.path}`;
    this.why = `${files} in the directory, what tasks may see frozen by ${base.how}; views are ${reason}${paths}`;
  }

  async stage(request: StageRequest): Promise<View> {
    const { tree: committed, commits } = this.#committed; // before the first await: of the same moment as `below`
    const home = join(this.#prepared.options.runDir, "tasks", request.folder);
    const beside = join(home, `attempt-${request.attempt}`);
    const isTaken = request.fresh || this.#mounts?.isHeld(join(home, "view")) === true;
    const suffix = isTaken ? `-${request.attempt}` : "";
    const path = join(home, `view${suffix}`);
    await removeTree(path); // a view that was kept of an earlier attempt
    mkdirSync(path, { recursive: true });
    mkdirSync(beside, { recursive: true });
    const writes = request.writes === null ? null : visible(request.writes);
    const declared = request.shown === "everything" ? EVERYTHING : visible(request.shown);
    const mayLink = (file: string): boolean => writes?.shown(file) === "nothing";
    const links =
      this.#mayLink && writes !== null && request.mayLink ? { source: this.#links, mayLink } : null;
    const staging = { root: path, staged: new Map(), links };
    const snapshot = await this.#snapshots.on(committed, request.below);
    const mounts = request.enters && declared === EVERYTHING ? this.#mounts : null;
    const mounted = mounts?.at(path, suffix) ?? null;
    const room = mounted === null ? null : await mounts!.mount(mounted, snapshot, request);
    if (mounted === null) await stageTree(snapshot, declared, staging, request.signal);
    this.#stagedFiles += [...staging.staged.values()].filter(({ entry }) => entry.kind === "file").length;
    const { options, session } = this.#prepared;
    const layer = join(options.runDir, "layers", session, `${request.folder}-${request.attempt}`);
    const { taskId, attempt } = request;
    const view: OpenView = {
      ...{ taskId, attempt, path, beside, room, shared: this.#shared },
      ...{ snapshot, committed, commits, writes, staging, mounted, layer, asked: new Set() },
      ...{ shown: request.shown, reads: request.reads ?? request.shown },
      inode: statOf(path)!.ino,
      read: async (asked) => readIntoView(view, asked),
    };
    return view;
  }

  async seal(view: View, end: SealEnd): Promise<Effects> {
    const open = view as OpenView;
    const { taskId, snapshot, staging, layer, writes } = open;
    const isIntact: SealRequest["isIntact"] = (entry, link) => this.#links.isIntact(entry, link);
    const request = {
      root: view.path,
      rootInode: open.inode,
      staged: staging.staged,
      layer,
      quiet: end.quiet,
      isIntact,
    };
    const sealed = await this.#sealed(open, request, end);
    for (const { content } of sealed.tampered) this.#links.drop(content);
    const kept = withoutToolCaches(withoutTemp(sealed.changes, this.#policies), snapshot);
    const observed = withPast(end.observed);
    const changes = await withAppends(kept, {
      ...{ snapshot, observed },
      isAppended: (path) => this.#policies.of(path) === "append",
      placeFor: (path) => join(`${layer}+appended`, path),
    });
    const changed = this.#committed.changedSince(open.commits);
    const otherwise = await seenOtherwise(open, end.observed, changed);
    return {
      ...{ taskId, snapshot, reads: readsOf(open, { ...end, observed }, changes), changes },
      undeclaredReads: undeclaredReadsOf(open, end.observed),
      undeclared: undeclaredPaths(changes, writes, this.#prepared.frozen),
      uncertain: [...sealed.tampered.map(({ path }) => path), ...otherwise],
      heldBy: sealed.heldBy,
    };
  }

  async #sealed(view: OpenView, request: SealRequest, { succeeded }: SealEnd): Promise<Sealed & SealedMount> {
    const { mounted, snapshot, layer } = view;
    if (mounted !== null) {
      return { ...(await this.#mounts!.seal(mounted, { snapshot, layer, succeeded })), tampered: [] };
    }
    if (succeeded) return { ...(await sealView(request)), heldBy: [] };
    return { changes: [], tampered: await findTampered(request), heldBy: [] };
  }

  validate(effects: Effects): Promise<Validation> {
    return settleConflicts({
      ...{ effects, tree: this.#committed.tree, policies: this.#policies },
      lastWriter: (path) => this.#committed.lastWriter(path),
      place: () => this.#joinedFile(),
    });
  }

  // A file that is made of what several tasks have written.
  #joinedFile(): string {
    const { options, session } = this.#prepared;
    return join(options.runDir, "layers", session, "+joined", String(this.#joined++));
  }

  commit(effects: Effects, alongside: readonly string[] = []): Promise<CommitResult> {
    return this.#committed.commit(effects, alongside);
  }

  mayBeSettled(path: string): boolean {
    return this.#policies.of(path) !== "rerun";
  }

  keep(effects: Effects): Promise<KeptEffects> {
    return keepEffects(effects, this.#prepared.options.policies ?? {});
  }

  async reuse(kept: KeptEffects, { taskId, below }: ReuseRequest): Promise<Effects | null> {
    const snapshot = await this.#snapshots.on(this.#committed.tree, below);
    return restoreEffects(kept, { taskId, snapshot, policies: this.#prepared.options.policies ?? {} });
  }

  committed(): readonly string[] {
    return this.#committed.tasks();
  }

  meanwhile(standing: readonly Standing[]): Promise<Meanwhile> {
    const { policies = {} } = this.#prepared.options;
    const isSettled = (path: string): boolean => this.mayBeSettled(path);
    return this.#committed.meanwhile({
      standing,
      isSettled: Object.keys(policies).length === 0 ? null : isSettled,
    });
  }

  rewind(keep: number): Promise<void> {
    return this.#committed.rewind(keep);
  }

  async discard(view: View): Promise<void> {
    const { mounted, staging } = view as OpenView;
    if (mounted === null) this.#unlink(staging.staged, this.#throwAway(view.path));
    else for (const folder of await this.#mounts!.release(mounted)) this.#throwAway(folder);
  }

  // Removing thousands of files takes long; nobody waits for it but close().
  #throwAway(folder: string): string {
    const { options, session } = this.#prepared;
    const trash = join(options.runDir, "trash", session);
    mkdirSync(trash, { recursive: true });
    const away = join(trash, String(this.#thrown++));
    renameSync(folder, away);
    this.#removals = this.#removals.then(() => removeTree(away)).catch(() => {});
    return away;
  }

  #unlink(staged: Staged, root: string): void {
    for (const [path, { entry, linked, stat }] of staged) {
      if (!linked || entry.kind !== "file") continue;
      const full = join(root, path);
      // What lies there now may be anybody's, if a folder on the way has become a link.
      if (statOf(full)?.ino === stat.ino) this.#links.unlink(entry.content, full);
    }
  }

  async verify(): Promise<{ readonly outside: readonly string[]; readonly frozen: readonly string[] }> {
    const { live, frozen, startNs } = this.#prepared;
    return verifyLive({ live, tree: this.#committed.tree, frozen, sinceNs: startNs });
  }

  rootHash(): Promise<string> {
    return this.#rootHashes.of(this.#committed.tree);
  }

  statistics(): WorkdirStatistics {
    return {
      ...{ rung: this.rung, baseFiles: this.#prepared.base.files, stagedFiles: this.#stagedFiles },
      ...this.#committed.published(),
    };
  }

  async close(options: { readonly keep: boolean }): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#mounts?.close();
      if (!options.keep) {
        for (const folder of ["base", "layers"])
          await removeTree(join(this.#prepared.options.runDir, folder));
      }
      await this.#removals;
      for (const folder of ["links", "trash", LOWER_FOLDER])
        await removeTree(join(this.#prepared.options.runDir, folder));
      // A redo file that came back after a loss of power would take what its user does next for somebody else's.
      const { sync, stateDir } = this.#prepared.live;
      sync([stateDir]);
    } finally {
      this.#prepared.lock.release();
    }
  }
}
