// The engine is killed while it waits for a model, before a task may start: the same run id goes on all the same.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism, type RunOptions, type RunReport } from "@sheaf/engine";
import { type FakeModelServer, startFakeModelServer, type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const ENGINE = new URL("../../../packages/engine/dist/index.js", import.meta.url).href;

// The first task needs the third, the third the second.
const NEEDS = { publish: ["write"], gather: [], write: ["gather"] };
const IDS = Object.keys(NEEDS);
const ANSWER = JSON.stringify({
  tasks: Object.values(NEEDS).map((needs, i) => ({
    task: i + 1,
    needs: needs.map((id) => ({ evidence: "", on: IDS.indexOf(id) + 1, type: "data", p: 0.9 })),
  })),
});

let place: TempDir;
let server: FakeModelServer;
let answers: boolean;
beforeEach(async () => {
  answers = false;
  place = tempDir({ log: "" });
  server = await startFakeModelServer(() =>
    answers ? { kind: "answer", content: ANSWER } : { kind: "stall-headers" },
  );
});
afterEach(async () => {
  await server.close();
  place[Symbol.dispose]();
});

const specOf = (broken?: string) => ({
  dir: place.path,
  tasks: IDS.map((id) => ({ id, run: id === broken ? "false" : `echo ${id} >> log` })),
});

async function killWhileAsking(options: RunOptions): Promise<void> {
  const given = JSON.stringify([specOf(), { ...options, modelBaseUrl: server.baseUrl }]);
  const program = `import { executeWithParallelism } from ${JSON.stringify(ENGINE)};
    const [spec, options] = ${given};
    await executeWithParallelism(spec, undefined, options);`;
  const engine = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
  await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 20_000, interval: 10 });
  engine.kill("SIGKILL");
  await once(engine, "exit");
  answers = true;
}

const goOn = (options: RunOptions, broken?: string): PromiseLike<RunReport> =>
  executeWithParallelism(specOf(broken), undefined, { ...options, modelBaseUrl: server.baseUrl });

const log = (): string => readFileSync(join(place.path, "log"), "utf8");

test("a list", async () => {
  const options: RunOptions = { runId: "r", env: {}, schedule: "levels", useLlmDeps: "always" };
  await killWhileAsking(options);
  const { status, order } = await goOn(options);
  expect([status, order]).toEqual(["succeeded", IDS]);
  expect(log()).toBe("publish\ngather\nwrite\n");
});

test("a set, which is put in order then, and keeps that order", async () => {
  const options: RunOptions = { runId: "r", env: {}, order: "free" };
  await killWhileAsking(options);
  const { status, order } = await goOn(options, "write");
  expect([status, order]).toEqual(["partial", ["gather", "write", "publish"]]);
  await server.close();
  expect(await goOn(options)).toMatchObject({ status: "succeeded", order });
  expect(log()).toBe("gather\nwrite\npublish\n");
});
