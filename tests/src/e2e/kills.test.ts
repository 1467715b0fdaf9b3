// The process that runs the engine is killed at any moment: what is in the directory afterwards is the result of the
// first so many tasks, and whoever goes on with the run does not do again what was said to be committed.
import { join } from "node:path";
import { caseCount, readTree } from "@sheaf/testkit";
import { openWorkdir } from "@sheaf/workdir";
import { describe, expect, test } from "vitest";
import { ONLY_SAYS } from "./fixtures/many-files.mjs";
import { type Kind, type Moment, type SessionPlace, sessionPlace } from "./fixtures/session.ts";
import { users } from "./overlay/driven-host.ts";

const DEEP = process.env.TEST_DEEP === "1";
const KILLS = caseCount({ ci: 8, full: 20, deep: 200 });
const TIMEOUT = { timeout: 7_200_000 };

const overlays = users().find(({ uid }) => uid === process.getuid?.());
const without = overlays?.skip === false ? "" : ` (overlays skipped: ${overlays?.who ?? "no users"})`;

type Doing = Omit<Kind, "by">;
const INLINE: Doing = { executor: "inline", staging: "copy", declares: true };
const ON_COPIES: readonly Doing[] = [
  { executor: "thread", staging: "copy", declares: true },
  { executor: "process", staging: "copy", declares: false },
];
const ON_OVERLAYS: readonly Doing[] = [
  { executor: "thread", staging: "overlay", declares: false },
  { executor: "process", staging: "overlay", declares: false },
];
const IN_WORKERS = without === "" ? [...ON_COPIES, ...ON_OVERLAYS] : ON_COPIES;

// Every second one inline, as these are quick; every second of each kind by the command.
function kindOf(i: number): Kind {
  const pair = i >> 1;
  const doing = i % 2 === 0 ? INLINE : IN_WORKERS[pair % IN_WORKERS.length]!;
  const round = i % 2 === 0 ? pair : Math.floor(pair / IN_WORKERS.length);
  return { ...doing, by: round % 2 === 0 ? "code" : "command" };
}

const nameOf = ({ executor, staging, by }: Kind): string => `${executor} on ${staging} by ${by}`;

/** Opens the directory as the next session does, and returns the ids of the tasks whose changes are in it. */
async function reopen(dir: string): Promise<readonly string[]> {
  const workdir = await openWorkdir({
    ...{ dir, runDir: join(dir, ".sheaf/runs/r"), runId: "r", rung: "copy" },
    ...{ frozen: [], shown: "everything", declaredWrites: [] },
  });
  const committed = workdir.committed();
  await workdir.close({ keep: true });
  return committed;
}

/** Takes the directory as it is, and checks that it holds what the first tasks have left. */
async function committedIn({ dir, tasks, prefixes }: SessionPlace): Promise<readonly string[]> {
  const committed = await reopen(dir);
  const writers = tasks.filter(({ input }) => input.i !== ONLY_SAYS).map(({ id }) => id);
  expect(committed).toEqual(writers.slice(0, committed.length));
  expect(readTree(dir)).toEqual(prefixes[committed.length]);
  return committed;
}

interface Case {
  readonly seed: number;
  readonly kind: Kind;
  /** One for each session that is killed. */
  readonly moments: readonly Moment[];
  /** What the directory holds is looked at before the next session finds it. */
  readonly looks: boolean;
}

interface Seen {
  readonly killed: boolean;
  readonly whilePublishing: boolean;
  /** Commits that had been told of. */
  readonly acknowledged: number;
}

/** Lets a session begin, and demands that it neither does nor commits again what is done. */
async function go(place: SessionPlace, done: ReadonlySet<string>, moment?: Moment) {
  const before = place.started().length;
  const session = await place.session(moment);
  const again = place.started().slice(before);
  expect([...again, ...session.acknowledged].filter((id) => done.has(id))).toEqual([]);
  return session;
}

async function check({ seed, kind, moments, looks }: Case): Promise<Seen> {
  using place = await sessionPlace(seed, kind);
  const done = new Set<string>();
  let seen: Seen | null = null;
  let session = await go(place, done, moments[0]);
  for (const next of [...moments.slice(1), undefined]) {
    const { killed, acknowledged } = session;
    seen ??= { killed, whilePublishing: place.isPublishing(), acknowledged: acknowledged.length };
    if (!killed) break;
    for (const id of acknowledged) done.add(id);
    if (looks) for (const id of await committedIn(place)) done.add(id);
    session = await go(place, done, next);
  }
  // Killed when all was said and done, there is nothing to go on with.
  const outputs = session.text.includes("all its tasks have succeeded") ? {} : place.outputs;
  for (const [id, output] of Object.entries(outputs)) {
    expect(session.text).toContain(kind.by === "code" ? `"${id}":"${output}"` : `"output": "${output}"`);
  }
  expect(readTree(place.dir)).toEqual(place.prefixes.at(-1));
  expect(place.outside()).toEqual(['theirs file 644 "untouched"']);
  return seen!;
}

/** Checks all cases and prints where the kills have hit. */
async function checkAll(count: number, caseOf: (i: number) => Case) {
  const sum = { kills: 0, running: 0, whilePublishing: 0, between: 0 };
  for (let i = 0; i < count; i++) {
    const each = caseOf(i);
    const seen = await check(each).catch((error: unknown) => {
      throw new Error(`case ${i}, ${nameOf(each.kind)}, killed at ${JSON.stringify(each.moments)}`, {
        cause: error,
      });
    });
    sum.kills += each.moments.length;
    sum.running += Number(seen.killed);
    sum.whilePublishing += Number(seen.whilePublishing);
    sum.between += Number(seen.acknowledged > 0 && seen.acknowledged < 7);
  }
  // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
  console.log(JSON.stringify(sum));
  return sum;
}

describe.concurrent(`after a kill the directory is the result of the first so many tasks, and the run goes on${without}`, () => {
  test("at any moment of a run", TIMEOUT, async () => {
    const tookMs = { inline: 0, workers: 0 };
    for (const i of [0, 1]) {
      using place = await sessionPlace(1, kindOf(i));
      tookMs[i === 0 ? "inline" : "workers"] = (await place.session()).tookMs;
    }
    const sum = await checkAll(KILLS, (i) => {
      const kind = kindOf(i);
      const wholeMs = tookMs[kind.executor === "inline" ? "inline" : "workers"];
      // Evenly over the run, whichever the order of the cases.
      const afterMs = (turn: number): number => wholeMs * ((((i + turn) * 7) % KILLS) / KILLS);
      const moments = DEEP && i % 5 === 4 ? [0, 3] : [0];
      return {
        seed: i + 1,
        kind,
        moments: moments.map((turn) => ({ afterMs: afterMs(turn) })),
        looks: i % 4 < 2,
      };
    });
    expect(sum.running).toBeGreaterThan(0);
    // Where the kills hit is up to the machine; among many, some hit everywhere.
    if (!DEEP) return;
    expect(sum.running).toBeGreaterThan(KILLS / 2);
    expect(sum.between).toBeGreaterThan(KILLS / 10);
  });

  test("at any step of publishing, and of finishing what was being published", TIMEOUT, async () => {
    const named = ["redo", "record", "forget", "over"];
    const sum = await checkAll(KILLS, (i) => {
      const publication = 1 + (i % 6);
      const step = i % 4 === 3 ? named[(i >> 2) % named.length]! : String(2 + ((i * 37) % 215));
      const again = i % 3 === 2 ? [{ at: `0:${1 + ((i * 11) % 60)}` }] : [];
      const looks = again.length === 0 && i % 4 < 2;
      return { seed: i + 1, kind: kindOf(i), moments: [{ at: `${publication}:${step}` }, ...again], looks };
    });
    expect(sum.running).toBe(KILLS);
    expect(sum.whilePublishing).toBeGreaterThan(KILLS / 2);
  });
});
