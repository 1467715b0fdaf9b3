import {
  type PlannerAnswer,
  plannerAnswerSchema,
  SETTING_TABLE,
  type Setting,
  taskSchema,
} from "@sheaf/engine";
import { z } from "zod";

const text = (expected: string, about: string) =>
  z.string({ error: expected }).min(1, { error: expected }).describe(about);

/** Values that a setting takes when these are few; each candidate is asked of the setting itself. */
function choicesOf(setting: Setting<unknown>): readonly unknown[] {
  const words = /^one of (.+)$/.exec(setting.expected)?.[1]?.split(", ") ?? [];
  return words.map(setting.parse).filter(setting.accepts);
}

function aboutSetting(setting: Setting<unknown>): string {
  const expected =
    setting.json === undefined && typeof setting.fallback === "boolean" ? "true or false" : setting.expected;
  return `${choicesOf(setting).length > 0 ? setting.expected : expected}; also ${setting.env}`;
}

function jsonTypeOf(setting: Setting<unknown>): Record<string, unknown> {
  const choices = choicesOf(setting);
  if (choices.length > 0) return { enum: choices };
  const { fallback, json } = setting;
  if (json !== undefined) return json;
  if (fallback === null) return { type: [setting.accepts(1) ? "number" : "string", "null"] };
  return { type: Array.isArray(fallback) ? "array" : typeof fallback };
}

const optionsSchema = z
  .strictObject(
    Object.fromEntries(
      Object.entries(SETTING_TABLE as Readonly<Record<string, Setting<unknown>>>).map(([name, setting]) => [
        name,
        z
          .unknown()
          .refine(setting.accepts, { error: setting.expected })
          .meta({ ...jsonTypeOf(setting), description: aboutSetting(setting) })
          .optional(),
      ]),
    ),
    { error: "an object with options" },
  )
  .meta({ id: "options", description: "How to run it. Flags win over these, these over the environment." });

const head = {
  $schema: z.string({ error: "the address of a schema" }).optional(),
  dir: text("the path of a folder", "The shared directory, relative to this file.").optional(),
  agents: z
    .record(
      z.string(),
      text("a module like ./agents.mjs or ./agents.mjs#engineer", "Module, and export after #."),
      {
        error: "an object of names and modules",
      },
    )
    .describe("ES modules by the name that tasks use, relative to this file.")
    .optional(),
  options: optionsSchema.optional(),
};

const tasksExpected = "a list of tasks, at least one";

export const taskPlanSchema: z.ZodType<unknown> = z
  .strictObject(
    { ...head, tasks: z.array(taskSchema, { error: tasksExpected }).min(1, { error: tasksExpected }) },
    { error: "an object with `tasks`, or a planner's answer with `sub_tasks`" },
  )
  .describe("A list of tasks.");

/** A planner writes more beside its steps than anybody reads, so keys that are not known are let pass. */
export const plannerPlanSchema: z.ZodType<unknown> = z
  .looseObject({
    ...head,
    sub_tasks: (plannerAnswerSchema as unknown as z.ZodArray).min(1, {
      error: "a list of steps, at least one",
    }),
  })
  .describe("A planner's answer.");

/** Keys of a plan that is a list of tasks. */
export const PLAN_KEYS: readonly string[] = [...Object.keys(head), "tasks"];

/** A plan file's contents once they have been checked. */
export interface PlanContents {
  readonly dir?: string;
  readonly agents?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly tasks?: readonly unknown[];
  readonly sub_tasks?: PlannerAnswer["sub_tasks"];
}

/** Returns the JSON Schema of plan files, for editors. */
export function planJsonSchema(): Record<string, unknown> {
  const schema = z.union([taskPlanSchema, plannerPlanSchema]);
  return {
    title: "A plan for sheaf run",
    ...z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }),
  };
}
