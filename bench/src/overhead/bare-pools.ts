// Threads and processes as one would use them without Sheaf, to tell its price from theirs.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import pLimit from "p-limit";
import { Piscina } from "piscina";

const atOnce = (limit: number, count: number, work: () => Promise<unknown>): Promise<unknown> => {
  const limited = pLimit(limit);
  return Promise.all(Array.from({ length: count }, () => limited(work)));
};

/** Starts a piscina, has it do nothing so many times, and ends it. */
export async function barePiscina(threads: number, count: number): Promise<void> {
  const pool = new Piscina<undefined, void>({
    filename: new URL("./no-op-thread.js", import.meta.url).href,
    name: "noOp",
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: "disabled",
  });
  await atOnce(threads, count, () => pool.run(undefined));
  await pool.destroy();
}

/** Forks children, sends messages to them until so many are answered, one at a time each, and ends them. */
export async function bareForks(processes: number, count: number): Promise<void> {
  const file = new URL("./no-op-child.js", import.meta.url);
  const idle: ChildProcess[] = Array.from({ length: processes }, () =>
    fork(file, { serialization: "advanced" }),
  );
  const children = [...idle];
  await atOnce(processes, count, async () => {
    const child = idle.pop()!;
    child.send("do nothing");
    await once(child, "message");
    idle.push(child);
  });
  const ended = children.map((child) => once(child, "exit"));
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(ended);
}

/** Runs `true` in a shell so many times. */
export async function bareCommands(limit: number, count: number): Promise<void> {
  await atOnce(limit, count, () => once(spawn("sh", ["-c", "true"], { stdio: "ignore" }), "close"));
}
