import { describeType, SheafError, type TaskSpec } from "@sheaf/core";
import { z } from "zod";

/** A planner's answer: a list of steps, each with an agent and bullet points, and no edges. */
export interface PlannerAnswer {
  readonly sub_tasks: readonly {
    readonly sub_task: string;
    readonly sub_task_agent?: string;
    readonly bullet_points?: readonly string[];
  }[];
}

const words = z.string({ error: "text" });

export const plannerAnswerSchema: z.ZodType<PlannerAnswer["sub_tasks"]> = z.array(
  z.object(
    {
      sub_task: words.refine((text) => text.trim() !== "", { error: "what is to be done, in words" }),
      sub_task_agent: words.min(1, { error: "the name of an agent" }).optional(),
      bullet_points: z.array(words, { error: "a list of texts" }).optional(),
    },
    { error: "a step: an object with sub_task" },
  ),
  { error: "a list of steps" },
) as never;

/** Tells whether a value has the form of a planner's answer. */
export function isPlannerAnswer(value: unknown): value is PlannerAnswer {
  return typeof value === "object" && value !== null && "sub_tasks" in value && !("tasks" in value);
}

/**
 * Turns a planner's answer into tasks `step-1`, `step-2`, … in its order. The description holds the step and its
 * points; `input` holds them apart.
 *
 * @throws SheafError TASK_INVALID
 */
export function tasksOfPlannerAnswer(answer: PlannerAnswer): readonly TaskSpec[] {
  const parsed = plannerAnswerSchema.safeParse(answer.sub_tasks);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const [index, field] = issue!.path;
    throw new SheafError("TASK_INVALID", {
      taskId: index === undefined ? "sub_tasks" : `step-${Number(index) + 1}`,
      field: String(field ?? "sub_tasks"),
      expected: issue!.message,
      got: index === undefined ? describeType(answer.sub_tasks) : (answer.sub_tasks as never)[index],
    });
  }
  return parsed.data.map((step, i) => {
    const points = step.bullet_points ?? [];
    return {
      id: `step-${i + 1}`,
      description: [step.sub_task, ...points.map((point) => `- ${point}`)].join("\n"),
      ...(step.sub_task_agent === undefined ? {} : { agent: step.sub_task_agent }),
      input: { step: step.sub_task, points },
    };
  });
}
