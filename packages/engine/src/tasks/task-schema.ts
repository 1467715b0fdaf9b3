import { idProblem, isMemo, MEMO_EXPECTED } from "@sheaf/core";
import { pathProblem } from "@sheaf/workdir";
import { z } from "zod";
import { MEMO_JSON } from "../config/memo-json.ts";

// Each message says what is expected, in words that follow "expected ... to be": they are shown to users as they are.
const ids = "a list of task ids";
const globs = 'a list of paths or globs below the shared directory, like "data/*.csv"';
const MAX_TIME_MS = 2 ** 31;

const id = z
  .string({ error: "text" })
  .refine((value) => idProblem(value) === undefined, {
    error: (issue) => `an id: ${idProblem(issue.input) ?? ""}`,
  })
  .describe('1-100 letters, digits, ".", "_" or "-"; unique in the list.');

const glob = z.string({ error: globs }).refine((value) => pathProblem(value) === undefined, {
  error: (issue) => `${globs} (${pathProblem(issue.input) ?? ""})`,
});

const text = (about: string) => z.string({ error: "text" }).describe(about);
const time = (about: string) => {
  const error = "a number of milliseconds, more than 0";
  return z.number({ error }).positive({ error }).max(MAX_TIME_MS, { error }).describe(about);
};

const fields = {
  id,
  description: text("What is to be done, in words. Agents and the dependency analysis read it.").optional(),
  agent: text("Name of the agent that does it.").min(1, { error: "the name of an agent" }).optional(),
  input: z.unknown().describe("Handed to the agent as it is.").optional(),
  run: text("A shell command; it runs in the task's own directory.")
    .refine((command) => command.trim() !== "", { error: "a shell command" })
    .refine((command) => !command.includes("\0"), { error: "a shell command without NUL characters" })
    .optional(),
  dependsOn: z
    .array(z.string({ error: ids }), { error: ids })
    .describe("Ids of tasks whose success it needs.")
    .optional(),
  reads: z.array(glob, { error: globs }).describe("All that the task reads. Complete when given.").optional(),
  writes: z
    .array(glob, { error: globs })
    .describe("All that the task writes. Complete when given.")
    .optional(),
  effects: z
    .array(z.string({ error: 'a list of names like "api:github"' }).min(1), {
      error: 'a list of names like "api:github"',
    })
    .describe("Outside things that the task changes. Such a task runs in its turn and only once.")
    .optional(),
  idempotent: z
    .boolean({ error: "true or false" })
    .describe("Running the task twice is as good as once; allows retries beside effects.")
    .optional(),
  memo: z
    .unknown()
    .refine(isMemo, { error: MEMO_EXPECTED })
    .meta({
      ...MEMO_JSON,
      description:
        "Leave it out when an earlier run has done the same with the same files; an object also says where and how long that is kept.",
    })
    .optional(),
  resources: z
    .strictObject(
      {
        memoryMiB: z
          .number({ error: "a number of MiB, more than 0" })
          .positive({ error: "a number of MiB, more than 0" })
          .describe("Memory the task is expected to need, in MiB.")
          .optional(),
        tags: z
          .array(z.string({ error: "a list of names" }).min(1), { error: "a list of names" })
          .describe("Limits that the task counts against.")
          .optional(),
      },
      { error: "an object with memoryMiB and tags" },
    )
    .describe("What the task asks of the machine and of outside services.")
    .optional(),
  timeoutMs: time("Longest run of one attempt, in ms.").optional(),
  idleTimeoutMs: time("Longest silence of one attempt, in ms.").optional(),
  retries: z
    .number({ error: "a whole number from 0 to 100" })
    .int({ error: "a whole number from 0 to 100" })
    .min(0, { error: "a whole number from 0 to 100" })
    .max(100, { error: "a whole number from 0 to 100" })
    .describe("How many more attempts after a failed one.")
    .optional(),
  estimateMs: time("How long the task is expected to take, in ms, where no run has measured it.").optional(),
  route: text("Heading under which the cost of the task is summed.").min(1, { error: "a name" }).optional(),
  unmetered: z
    .boolean({ error: "true or false" })
    .describe(
      "It finds the real servers of models and their keys; only what it tells of is counted, and the total is partial.",
    )
    .optional(),
};

/** Keys that a task may have. */
export const TASK_KEYS: readonly string[] = Object.keys(fields);

/** One task of a list, as data. The published JSON Schema is made from it. */
export const taskSchema: z.ZodType<unknown> = z
  .strictObject(fields, { error: "a task: an object with an id" })
  .describe("One step of the list.");
