import { Writable } from "node:stream";
import { executeWithParallelism } from "@sheaf/engine";
import { FakeClock, type Files, scriptedAgent, type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { followRun, showProgress } from "./show-progress.ts";
import type { OutputStream } from "./terminal-look.ts";

const made: TempDir[] = [];

afterEach(() => {
  for (const dir of made.splice(0)) dir[Symbol.dispose]();
});

function folder(files: Files = {}): TempDir {
  const dir = tempDir(files);
  made.push(dir);
  return dir;
}

/** A terminal that understands what is needed to paint over lines, and keeps what stands on its screen. */
function screen(columns = 120) {
  const rows: string[] = [""];
  const cursor = { x: 0, y: 0 };
  const put = (text: string): void => {
    const row = rows[cursor.y] ?? "";
    rows[cursor.y] = row.slice(0, cursor.x).padEnd(cursor.x) + text + row.slice(cursor.x + text.length);
    cursor.x += text.length;
  };
  const control = (count: number, final: string): void => {
    if (final === "A") cursor.y = Math.max(0, cursor.y - count);
    if (final === "B") cursor.y += count;
    if (final === "G") cursor.x = 0;
    if (final === "K") rows[cursor.y] = count === 2 ? "" : (rows[cursor.y] ?? "").slice(0, cursor.x);
  };
  const feed = (text: string): void => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what this reads
    for (const [part, count, final] of text.matchAll(/\u001b\[\??(\d*)([A-Za-z])|\n|\r|[^\u001b\n\r]+/g)) {
      if (part === "\n") Object.assign(cursor, { x: 0, y: cursor.y + 1 });
      else if (part === "\r") cursor.x = 0;
      else if (final === undefined) put(part);
      else control(count === "" ? (final === "K" ? 0 : 1) : Number(count), final);
    }
  };
  const stream = new Writable({
    write(chunk, _encoding, done) {
      feed(String(chunk));
      done();
    },
  });
  const terminal = Object.assign(stream, { isTTY: true, columns, rows: 24 });
  /** Breaks the lines that no longer fit, as terminals do. */
  const resize = (width: number): void => {
    const before = rows.splice(0);
    const { y } = cursor;
    while (before.length <= y) before.push("");
    for (const [i, row] of before.entries()) {
      if (i === y) cursor.y = rows.length;
      rows.push(...(row.match(new RegExp(`.{1,${width}}`, "g")) ?? [""]));
    }
    terminal.columns = width;
    terminal.emit("resize");
  };
  return {
    resize,
    terminal: terminal as typeof terminal & OutputStream,
    shown: () => rows.filter((row) => row.trim() !== ""),
  };
}

const tasks = [
  { id: "a", dependsOn: [] },
  { id: "b", dependsOn: [] },
];

const PLANNED =
  "2 tasks in 1 level, at most 2 side by side. At most 2.0 times as fast as one after another with 3 workers.";

describe("showProgress on a terminal", () => {
  it("paints one block over itself while time passes, and leaves nothing behind", async () => {
    const clock = new FakeClock();
    const agent = scriptedAgent();
    const { terminal, shown } = screen();
    const run = executeWithParallelism(tasks, agent.run, { env: {}, clock });
    const ended = showProgress(run, { stream: terminal, clock, env: {}, color: false });
    const [a, b] = [await agent.next("a"), await agent.next("b")];
    await startedBoth(run);
    clock.advance(250);
    expect(shown()).toEqual([PLANNED, "    0s  0 of 2 done  2 running  0 waiting", "    0s  a", "    0s  b"]);
    clock.advance(2_000);
    expect(shown()).toEqual([PLANNED, "    2s  0 of 2 done  2 running  0 waiting", "    2s  a", "    2s  b"]);
    a.succeed();
    b.succeed();
    await ended;
    expect(shown()).toEqual([PLANNED]);
    expect(clock.pending).toBe(0);
    expect(terminal.listenerCount("resize")).toBe(0);
  });

  it("keeps what is said beside it above the block", async () => {
    const clock = new FakeClock();
    const agent = scriptedAgent();
    const { terminal, shown } = screen();
    const run = executeWithParallelism(tasks, agent.run, { env: {}, clock });
    const follower = followRun(run, { stream: terminal, clock, env: {}, color: false });
    const [a, b] = [await agent.next("a"), await agent.next("b")];
    await startedBoth(run);
    clock.advance(250);
    follower.say("Stopping.");
    expect(shown()).toEqual([
      PLANNED,
      "Stopping.",
      "    0s  0 of 2 done  2 running  0 waiting",
      "    0s  a",
      "    0s  b",
    ]);
    a.succeed();
    b.succeed();
    await follower.ended;
    expect(shown()).toEqual([PLANNED, "Stopping."]);
  });

  it("leaves warnings, and what is planned, to be read", async () => {
    const { terminal, shown } = screen();
    const options = { env: { SHEAF_MODEE: "x" }, clock: new FakeClock() };
    const run = executeWithParallelism(tasks, () => 1, options);
    await showProgress(run, { stream: terminal, env: {}, color: false });
    expect(shown()).toEqual([
      expect.stringMatching(/^warning {2}The variable SHEAF_MODEE is not known/),
      PLANNED,
    ]);
  });

  it("follows the terminal to another width, and leaves nothing of the old one", async () => {
    const clock = new FakeClock();
    const agent = scriptedAgent();
    const { terminal, shown, resize } = screen();
    const run = executeWithParallelism(tasks, agent.run, { env: {}, clock });
    const ended = showProgress(run, { stream: terminal, clock, env: {}, color: false });
    const [a, b] = [await agent.next("a"), await agent.next("b")];
    await startedBoth(run);
    clock.advance(250);
    resize(34);
    expect(shown().slice(0, 4).join("")).toBe(PLANNED);
    expect(shown().slice(4)).toEqual(["    0s  0 of 2 done  2 running", "    0s  a", "    0s  b"]);
    a.succeed();
    b.succeed();
    await ended;
  });
});

describe("showProgress elsewhere", () => {
  it("writes plain lines in CI, although it has a terminal", async () => {
    const { terminal, shown } = screen(200);
    const run = executeWithParallelism(tasks, () => 1, { env: {}, clock: new FakeClock() });
    await showProgress(run, { stream: terminal, env: { CI: "1", NO_COLOR: "1" } });
    expect(shown()).toContain("    0ms  a    committed   no files, took 0ms");
  });

  it("never rejects, even when the run could not begin", async () => {
    const dir = folder();
    const { terminal } = screen();
    const agent = scriptedAgent();
    const begin = () =>
      executeWithParallelism({ tasks: [{ id: "a" }], dir: dir.path }, agent.run, { env: {} });
    const first = begin();
    const a = await agent.next("a");
    const second = begin();
    await expect(showProgress(second, { stream: terminal, env: {} })).resolves.toBeUndefined();
    await expect(Promise.resolve(second)).rejects.toThrow("in use by another run");
    a.succeed();
    await first;
  });
});

async function startedBoth(run: AsyncIterable<{ readonly type: string }>): Promise<void> {
  let started = 0;
  for await (const event of run) if (event.type === "attempt.started" && ++started === 2) return;
}
