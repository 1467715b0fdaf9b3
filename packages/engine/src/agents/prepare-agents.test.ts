import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { systemClock } from "@sheaf/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inspectAgents } from "../executor/inspect-agents.ts";
import { bundleAgents } from "./bundle-agents.ts";
import type { TaskWork } from "./resolve-work.ts";

const QUIET = { clock: systemClock, env: process.env, signal: undefined };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sheaf-agents-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function moduleOf(name: string, text: string) {
  writeFileSync(join(folder, name), text);
  const module = pathToFileURL(join(folder, name)).href;
  return { kind: "module", module, exportName: "default", agentName: null } as const;
}

const workOf = (work: TaskWork["work"]): TaskWork => ({
  work,
  executor: "thread",
  agentName: "a",
  needs: {},
});

const reason = new Error("enough");

test("asking agents what they need ends with the signal, however long their import takes", async () => {
  const mark = join(folder, "begun");
  const work = moduleOf(
    "endless.mjs",
    `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(mark)}, ""); await new Promise(() => setInterval(() => {}, 1000));`,
  );
  const controller = new AbortController();
  const asked = inspectAgents([work], { ...QUIET, signal: controller.signal });
  await expect.poll(() => readdirSync(folder), { timeout: 10_000 }).toContain("begun");
  controller.abort(reason);
  await expect(asked).rejects.toBe(reason);
});

test("a signal that is aborted already starts nothing", async () => {
  const work = moduleOf("plain.mjs", "export default () => 1;");
  const aborted = AbortSignal.abort(reason);
  await expect(inspectAgents([work], { ...QUIET, signal: aborted })).rejects.toBe(reason);
  await expect(bundleAgents([workOf(moduleOf("a.ts", "export default 1;"))], aborted)).rejects.toBe(reason);
});

test("compiling agents ends with the signal", async () => {
  const lines = Array.from({ length: 200_000 }, (_, i) => `export const a${i}: number = ${i};`);
  const controller = new AbortController();
  const compiled = bundleAgents([workOf(moduleOf("large.ts", lines.join("\n")))], controller.signal);
  setImmediate(() => controller.abort(reason));
  await expect(compiled).rejects.toBe(reason);
});

test("a module is compiled once, and what it needs is told", async () => {
  const work = moduleOf("agent.ts", "export default (n: number): number => n;");
  const [first, second] = await bundleAgents([workOf(work), workOf(work)]);
  expect(first?.work).toEqual(second?.work);
  expect(first?.work).not.toEqual(work);
  expect(await inspectAgents([first!.work as typeof work], QUIET)).toEqual([{}]);
});
