import { SheafError } from "@sheaf/core";
import { isPlannerAnswer, SETTING_TABLE, schemaIssues, TASK_KEYS } from "@sheaf/engine";
import type { ZodError } from "zod";
import { PLAN_KEYS, type PlanContents, plannerPlanSchema, taskPlanSchema } from "./plan-schema.ts";
import {
  byPosition,
  type DataPath,
  type Position,
  type PositionedData,
  readPositioned,
} from "./positioned-data.ts";
import { soundParts } from "./sound-parts.ts";

/** A plan's text and where it comes from. */
export interface PlanText {
  /** As the user wrote it; messages begin with it. */
  readonly name: string;
  /** Relative paths in the plan start here. */
  readonly folder: string;
  readonly text: string;
}

/** A plan whose form is right; whether it makes sense is another matter. */
export interface Plan extends Omit<PlanText, "text"> {
  readonly contents: PlanContents;
  readonly positioned: PositionedData;
}

/** What is wrong with a plan, in one line each, each with its place: `plan.yaml:12:5: …`. */
export interface PlanProblems {
  readonly problems: readonly string[];
  /** What of the plan is of the right form, where more may be wrong; absent when its text cannot be read. */
  readonly rest?: Plan;
}

/** Reads a plan: YAML or JSON, a list of tasks or a planner's answer. */
export function readPlan({ name, folder, text }: PlanText): Plan | PlanProblems {
  const positioned = readPositioned(text, /\.json$/i.test(name) ? "JSON" : "YAML");
  if ("length" in positioned) {
    return {
      problems: positioned.map(({ position, problem }) => placedAt(name, position, `${problem}.`)),
    };
  }
  const { data } = positioned;
  const schema = isPlannerAnswer(data) ? plannerPlanSchema : taskPlanSchema;
  const parsed = schema.safeParse(data);
  // Checked, not converted: a copy would lose keys that are special to JavaScript.
  if (parsed.success) return { name, folder, contents: data as PlanContents, positioned };
  return {
    problems: formProblems(parsed.error as ZodError, name, positioned),
    rest: { name, folder, contents: soundParts(data), positioned },
  };
}

/** Returns the line that says where in a plan something is wrong. */
export function placed(plan: Pick<Plan, "name" | "positioned">, path: DataPath, message: string): string {
  return placedAt(plan.name, plan.positioned.positionOf(path), message);
}

/** Returns the line that says what is wrong at a place of a file. */
export function placedAt(name: string, { line, column }: Position, message: string): string {
  return `${name}:${line}:${column}: ${message}`;
}

/** Sorts the lines that say what is wrong with a plan by their places; those without a place come first. */
export function inTextOrder(problems: readonly string[], name: string): readonly string[] {
  const placeOf = (line: string): Position => {
    const [, at = "0", column = "0"] = /^:(\d+):(\d+): /.exec(line.slice(name.length)) ?? [];
    return { line: Number(at), column: Number(column) };
  };
  return [...problems].sort((a, b) => byPosition(placeOf(a), placeOf(b)));
}

function formProblems(error: ZodError, name: string, positioned: PositionedData): readonly string[] {
  const { data } = positioned;
  const unknown = unknownKeys(error);
  return schemaIssues(error, data, knownKeys)
    .map(({ path, expected, got }) => {
      const position = unknown.has(path.join("\n"))
        ? positioned.keyPositionOf(path)
        : positioned.positionOf(path);
      const where = path.length === 0 ? "the plan" : showPath(path);
      const found = path.length === 0 && data === null ? "nothing" : got;
      const { message } = new SheafError("PLAN_INVALID", { where, expected, got: found });
      const isText = expected.startsWith("text") || path.at(-2) === "dependsOn";
      return { position, message: `${message}${isText ? quoteHint(path, positioned) : ""}` };
    })
    .sort((a, b) => byPosition(a.position, b.position))
    .map(({ position, message }) => placedAt(name, position, message));
}

function unknownKeys(error: ZodError): ReadonlySet<string> {
  return new Set(
    error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key].join("\n")) : [],
    ),
  );
}

// What looks like a number, true or null is no text in YAML, although its author may have meant one.
function quoteHint(path: DataPath, { sourceOf }: PositionedData): string {
  const source = sourceOf(path);
  return source === null || source === "" ? "" : ` Put it in quotes: ${JSON.stringify(source)}.`;
}

function showPath(path: DataPath): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
}

function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return PLAN_KEYS;
  if (path[0] === "options") return Object.keys(SETTING_TABLE);
  return path.at(-1) === "resources" ? ["memoryMiB", "tags"] : TASK_KEYS;
}
