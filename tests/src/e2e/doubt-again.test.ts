// A task with effects that have happened, in a run that is gone on with after something before it was mended.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DoubtDecision, executeWithParallelism, type RunReport } from "@sheaf/engine";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

let place: TempDir;
beforeEach(async () => {
  place = tempDir();
  mkdirSync(at("dir"));
  expect((await session("one")).status).toBe("failed");
  expect(mails()).toBe(1);
});
afterEach(() => place[Symbol.dispose]());

const at = (path: string): string => join(place.path, path);
const read = (path: string): string => readFileSync(at(path), "utf8");
const mails = (): number => (existsSync(at("mails")) ? read("mails").split("\n").length - 1 : 0);

interface Session {
  readonly decision?: DoubtDecision;
  readonly sends?: string;
  readonly mend?: boolean;
  readonly idempotent?: boolean;
  readonly signal?: AbortSignal;
}

const session = (text: string, given: Session = {}): PromiseLike<RunReport> => {
  const {
    decision,
    sends = "cat text",
    mend = false,
    signal,

    idempotent = false,
  } = given;
  const send = `echo sent >> ${at("mails")}; ${sends} > sent; cat sent`;
  return executeWithParallelism(
    {
      dir: at("dir"),
      tasks: [
        { id: "writes", run: `echo ${text} > text`, reads: [], writes: ["text"] },
        { id: "sends", effects: ["mail"], idempotent, run: send, reads: ["text"], writes: ["sent"] },
        { id: "fails", run: mend ? "cat sent > last" : "exit 1", reads: ["sent"], writes: ["last"] },
      ],
    },
    undefined,
    {
      ...{ runId: "r", env: {}, onFailure: "stop", validate: true },
      ...(signal === undefined ? {} : { signal }),
      ...(decision === undefined ? {} : { inDoubt: { sends: decision } }),
    },
  );
};

const doubt = { outcome: "in-doubt", failure: { error: { code: "RUN_IN_DOUBT" } } };

test("what it read is the same: it is used again, and nobody is asked", async () => {
  const report = await session("one", { mend: true });
  expect(report.status).toBe("succeeded");
  expect(mails()).toBe(1);
});

test("what it read is different: it is not started, and the message says why and both ways", async () => {
  const report = await session("two", { mend: true });
  expect(report.status).toBe("suspended");
  expect(report.tasks.sends).toMatchObject(doubt);
  expect(report.tasks.sends!.failure!.error.message).toMatch(
    /^Task "sends" has had its effects outside \(mail\) in an earlier session, .*--again sends .*--done sends /,
  );
  await expect(session("two", { mend: true })).rejects.toThrow(/has had its effects outside \(mail\)/);
  expect([mails(), read("dir/text"), existsSync(at("dir/last"))]).toEqual([1, "two\n", false]);
});

test("so it is when it is asked to do something else", async () => {
  const report = await session("one", { mend: true, sends: "cat text text" });
  expect(report.tasks.sends).toMatchObject(doubt);
  expect(mails()).toBe(1);
});

test("done leaves it at what it did then, with its files and its output", async () => {
  await session("two", { mend: true });
  const report = await session("two", { mend: true, decision: "done" });
  expect(report.status).toBe("succeeded");
  expect(report.tasks.sends).toMatchObject({ reused: true, output: "one" });
  expect([mails(), read("dir/text"), read("dir/last")]).toEqual([1, "two\n", "one\n"]);
});

test("again starts it again, once", async () => {
  await session("two", { mend: true });
  const report = await session("two", { mend: true, decision: "again" });
  expect(report.status).toBe("succeeded");
  expect([mails(), read("dir/last")]).toEqual([2, "two\n"]);
});

test("what was decided is not asked again although the session ended before the task's turn", async () => {
  await session("two", { mend: true });
  const signal = AbortSignal.abort();
  expect((await session("two", { mend: true, decision: "again", signal })).status).toBe("cancelled");
  expect((await session("two", { mend: true })).status).toBe("succeeded");
  expect(mails()).toBe(2);
});

test("its record is gone: the journal still tells that the effects have happened", async () => {
  const executions = at("dir/.sheaf/runs/r/executions");
  for (const name of readdirSync(executions).filter((each) => each.startsWith("sends."))) {
    rmSync(join(executions, name));
  }
  const report = await session("two", { mend: true });
  expect(report.tasks.sends).toMatchObject(doubt);
  expect(mails()).toBe(1);
});

test("a process that was killed after it had been started again is in doubt once more", async () => {
  await session("two", { mend: true });
  const signal = AbortSignal.abort();
  await session("two", { mend: true, decision: "again", signal });
  const journal = at("dir/.sheaf/runs/r/journal.ndjson");
  const lines = read("dir/.sheaf/runs/r/journal.ndjson").trimEnd().split("\n");
  const started = lines.find((line) => line.includes('"attempt.started"') && line.includes('"sends"'))!;
  const event = { ...JSON.parse(started), seq: lines.length, attempt: 7 };
  appendFileSync(journal, `${JSON.stringify(event)}\n`);
  await expect(session("two", { mend: true })).rejects.toThrow(/was cut off in the middle of it/);
  expect(mails()).toBe(1);
});

test("a task that may be repeated is", async () => {
  const report = await session("two", { mend: true, idempotent: true });
  expect(report.status).toBe("succeeded");
  expect(mails()).toBe(2);
});
