import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Executor, ExecutorAbilities, Work } from "@sheaf/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CANCELLED, errorOf, LEFT, outputOf, type StartOptions, starter } from "./conformance-attempts.ts";
import { describeLeftovers } from "./conformance-leftovers.ts";

/** An executor and what it claims to be able to do. */
export interface ExecutorUnderTest {
  readonly name: string;
  readonly abilities: ExecutorAbilities;
  create(): Executor;
}

/**
 * Declares the tests that every executor must pass, each held to its own row of abilities: what it can do it must
 * do, and what it cannot do is not tried.
 */
export function executorConformance(under: ExecutorUnderTest): void {
  describe(`executor ${under.name}`, () => {
    let executor: Executor;
    let root: string;
    const start = starter(
      () => executor,
      () => root,
    );
    const run = async (exportName: string, options: StartOptions = {}) => {
      const started = start(exportName, options);
      return { ...started, end: await started.running.ended };
    };
    beforeAll(() => {
      root = mkdtempSync(join(tmpdir(), "sheaf-conformance-"));
      executor = under.create();
    });
    afterAll(async () => {
      await executor.dispose();
      rmSync(root, { recursive: true, force: true });
    });

    test("says what it can do", () => {
      expect(executor.abilities).toEqual(under.abilities);
    });

    describe("outputs", () => {
      test("what an agent returns arrives as it was", async () => {
        const { end } = await run("echo", { task: { input: { list: [1, "two", null] } } });
        expect(outputOf(end)).toEqual({ id: "task-1", input: { list: [1, "two", null] } });
      });

      test("an agent may return nothing", async () => {
        expect(outputOf((await run("nothing")).end)).toBeUndefined();
      });

      test("maps, bytes and cycles arrive", async () => {
        expect(outputOf((await run("returnsMap")).end)).toEqual(new Map([["a", new Uint8Array([1, 2, 3])]]));
        const loop = outputOf((await run("returnsCycle")).end) as { self: unknown };
        expect(loop.self).toBe(loop);
      });

      test("what is not data fails the attempt and says so", async () => {
        const { end } = await run("returnsFunction");
        expect(end).toMatchObject({ status: "failed", kind: "output" });
        expect(errorOf(end).message).toMatch(/not plain data/);
      });
    });

    describe("errors", () => {
      test("an error keeps class name, code, details and cause", async () => {
        const error = errorOf((await run("failsWithClass")).end);
        expect(error).toMatchObject({ name: "QuotaError", code: "E_QUOTA", message: "no tokens left" });
        expect(error.details).toEqual({ left: 0, unit: "tokens" });
        expect(error.cause).toMatchObject({ name: "TypeError", message: "inner trouble" });
        expect(error.stack).toMatch(/agents\.mjs/);
      });

      test("whatever is thrown is told", async () => {
        expect(errorOf((await run("throwsText")).end).message).toMatch(/just text/);
        expect(errorOf((await run("throwsNull")).end).message).toMatch(/null/);
      });

      test("a module that does not export the agent is named", async () => {
        const { end } = await run("noSuchExport");
        expect(errorOf(end)).toMatchObject({ code: "AGENT_MODULE_FAILED" });
        expect(errorOf(end).message).toMatch(/noSuchExport/);
      });

      test("a module that cannot be found is named", async () => {
        const work: Work = {
          kind: "module",
          module: "file:///absent/agent.mjs",
          exportName: "x",
          agentName: null,
        };
        expect(errorOf((await run("", { work })).end)).toMatchObject({ code: "AGENT_MODULE_FAILED" });
      });
    });

    describe("context", () => {
      test("it names run and attempt, and a key that is the same for each attempt", async () => {
        const { end } = await run("context", { attempt: 3 });
        expect(outputOf(end)).toEqual({ runId: "run-1", attempt: 3, key: "run-1.task-1", aborted: false });
      });

      test("inputs are taken by id, recorded with a hash, and an id like constructor is one like any other", async () => {
        const { end } = await run("takesInputs", { outputs: { first: [1], constructor: "own" } });
        expect(outputOf(end)).toEqual({ first: [1], constructor: "own" });
        expect(end.taken.map(({ from }) => from)).toEqual(["first", "constructor"]);
        expect(end.taken.every(({ hash }) => hash?.length === 64)).toBe(true);
      });

      test("a key that is no earlier task gives nothing and is not recorded", async () => {
        const { end } = await run("takesMissing");
        expect(outputOf(end)).toBeUndefined();
        expect(end.taken).toEqual([]);
      });

      test("its keys are the earlier tasks with an output; listing them takes each earlier task, likely or not", async () => {
        const outputs = { first: 1, second: 2 };
        const { end } = await run("listsInputs", { outputs, unfinished: ["slow"] });
        expect(outputOf(end)).toEqual({ keys: ["first", "second"], spread: outputs });
        expect(end.taken.map(({ from, hash }) => [from, hash?.length])).toEqual([
          ["first", 64],
          ["second", 64],
          ["slow", undefined],
        ]);
      });

      test("asking whether there is an input takes it, also when there is none", async () => {
        const { end } = await run("asksForInputs", { outputs: { first: 1 }, unfinished: ["slow"] });
        expect(outputOf(end)).toEqual({ first: true, slow: false, later: false });
        expect(end.taken.map(({ from, hash }) => [from, hash === null])).toEqual([
          ["first", false],
          ["slow", true],
        ]);
      });

      test("what it tells arrives, in order, and usage once", async () => {
        const { end, said, usage } = await run("tells");
        expect(outputOf(end)).toBe("told");
        expect(said).toEqual(["progress 0.5 half way", "log a line", "heartbeat", "model small 512"]);
        expect(usage).toEqual([{ model: "m", inputTokens: 10, outputTokens: 5, costUsd: 0.001 }]);
      });

      test("usage that cannot be is refused where it is told", async () => {
        expect(errorOf((await run("badUsage")).end)).toMatchObject({ code: "USAGE_INVALID" });
      });

      test("the work directory and the folders beside it are there when asked for", async () => {
        const { end, view, beside } = await run("places");
        const output = outputOf(end) as { dir: string; outputs: string; cwd: string };
        expect(output.dir).toBe(view);
        expect(output.outputs).toBe(join(view, "outputs"));
        expect(readFileSync(join(view, "made.txt"), "utf8")).toBe("made");
        expect(readFileSync(join(beside, "logs", "own.txt"), "utf8")).toBe("kept");
        if (under.abilities.ownCwd) expect(output.cwd).toBe(view);
        else expect(output.cwd).not.toBe(view);
      });

      test("folders that were asked for, hold nothing and are not declared go when the agent is done", async () => {
        const { end, view, beside } = await run("looksAtDirs", { task: { writes: ["outputs/**"] } });
        expect(outputOf(end)).toEqual({ data: join(view, "data"), outputs: join(view, "outputs") });
        expect(readdirSync(view).sort()).toEqual(["codebase", "outputs"]);
        expect(readdirSync(beside)).toEqual([]);
      });

      test("ctx.read brings a file of the snapshot, and says ENOENT when there is none", async () => {
        expect(outputOf((await run("readsFile")).end)).toEqual({ text: "hello", again: "hello" });
        expect(outputOf((await run("readsAbsent")).end)).toBe("ENOENT");
      });

      test("what the engine refuses to read is an error in the agent", async () => {
        expect(errorOf((await run("readsOutside")).end)).toMatchObject({
          name: "RangeError",
          message: "outside",
        });
      });

      test("ctx.budget tells what the engine says", async () => {
        expect(outputOf((await run("tellsBudget")).end)).toEqual([LEFT]);
      });

      test("without a directory, asking for it is an error that says what to do", async () => {
        const { end } = await run("usesDirWithout", { noDir: true });
        expect(errorOf(end)).toMatchObject({ code: "CONTEXT_NO_DIR" });
      });
    });

    describe("ending", () => {
      test("an agent that heeds its signal is aborted", async () => {
        const { running, begun } = start("waitsForAbort");
        await begun;
        running.abort(CANCELLED);
        expect((await running.ended).status).toBe("aborted");
      });

      test("an agent that ignores its signal is aborted all the same", async () => {
        const { running, begun } = start("ignoresAbort");
        await begun;
        running.abort({ kind: "timeout", timeoutMs: 1 });
        expect((await running.ended).status).toBe("aborted");
      });

      test.runIf(under.abilities.stopsBusyLoop)("code that never yields is stopped", async () => {
        const { running, begun } = start("busyLoop");
        await begun;
        running.abort(CANCELLED);
        expect((await running.ended).status).toBe("aborted");
        expect(outputOf((await run("echo")).end)).toMatchObject({ id: "task-1" });
      });

      test("several attempts at once do not hear each other", async () => {
        const ends = await Promise.all([1, 2, 3].map((n) => run("echo", { task: { input: n } })));
        expect(ends.map(({ end }) => (outputOf(end) as { input: number }).input)).toEqual([1, 2, 3]);
      });
    });

    describe.runIf(under.abilities.survivesCrash)("crashes", () => {
      test("process.exit loses the attempt alone, with the code, and its usage is kept", async () => {
        const beside = start("ignoresAbort");
        await beside.begun;
        const { end, usage } = await run("exits");
        expect(end).toMatchObject({ status: "lost", outOfMemory: false });
        expect(end.status === "lost" ? end.how : "").toMatch(/3/);
        expect(usage).toEqual([{ model: "m", inputTokens: 7 }]);
        beside.running.abort(CANCELLED);
        expect((await beside.running.ended).status).toBe("aborted");
      });

      test("an error thrown from a timer loses the attempt, and the next one runs", async () => {
        expect((await run("uncaught")).end.status).toBe("lost");
        expect(outputOf((await run("echo")).end)).toMatchObject({ id: "task-1" });
      });

      test("a full heap loses the attempt, and the next one runs", async () => {
        const { end } = await run("fillsHeap");
        expect(end.status).toBe("lost");
        expect(outputOf((await run("echo")).end)).toMatchObject({ id: "task-1" });
      });

      test("the death of the whole process loses the attempt, and the next one runs", async () => {
        const { end } = await run("killsProcess");
        expect(end).toMatchObject({
          status: "lost",
          how: expect.stringContaining("SIGKILL"),
          together: false,
        });
        expect(outputOf((await run("echo")).end)).toMatchObject({ id: "task-1" });
      });

      test("attempts that were lost together say so, the one that did it included", async () => {
        const beside = start("ignoresAbort");
        await beside.begun;
        const { end } = await run("killsProcess");
        if (under.abilities.ownCwd) beside.running.abort(CANCELLED);
        const ends = [end, await beside.running.ended];
        if (under.abilities.ownCwd) expect(ends).toMatchObject([{ together: false }, { status: "aborted" }]);
        else for (const each of ends) expect(each).toMatchObject({ status: "lost", together: true });
      });

      test("what an agent prints is kept beside its work directory, not on the engine's output", async () => {
        const { end, beside } = await run("prints");
        expect(outputOf(end)).toBe("printed");
        expect(readFileSync(join(beside, "logs", "stdout.txt"), "utf8")).toBe("to stdout\n");
        expect(readFileSync(join(beside, "logs", "stderr.txt"), "utf8")).toBe("to stderr\n");
      });

      test("processor time and memory of an attempt are measured", async () => {
        const { end } = await run("burnsCpu");
        expect(end.measured.cpuMs).toBeGreaterThan(10);
        expect(end.measured.peakMemoryMiB).toBeGreaterThan(1);
        expect(end.measured.latencyMs).toBeGreaterThan(10);
      });
    });

    describeLeftovers(under.abilities, run);

    describe.runIf(under.abilities.closures)("closures", () => {
      test("a plain function of the caller runs", async () => {
        const { end } = await run("", { work: { kind: "closure", fn: (task) => task.id } });
        expect(outputOf(end)).toBe("task-1");
      });
    });
  });
}
