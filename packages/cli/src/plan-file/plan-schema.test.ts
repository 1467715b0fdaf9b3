import { readFileSync } from "node:fs";
import { SETTING_TABLE } from "@sheaf/engine";
import { describe, expect, it } from "vitest";
import { planJsonSchema, taskPlanSchema } from "./plan-schema.ts";

describe("the JSON Schema of plans", () => {
  it("is the one in plan.schema.json (npm run schema in this package writes it)", () => {
    const file = readFileSync(new URL("../../plan.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(planJsonSchema())));
  });

  it("knows every setting, and the words of those that take words", () => {
    const { $defs } = planJsonSchema() as { $defs: { options: { properties: Record<string, object> } } };
    const { properties } = $defs.options;
    expect(Object.keys(properties)).toEqual(Object.keys(SETTING_TABLE));
    expect(properties.mode).toMatchObject({ enum: ["sequential", "auto", "parallel"] });
    expect(properties.useLlmDeps).toMatchObject({ enum: [true, false, "always"] });
    expect(properties.home).toMatchObject({ type: ["string", "null"] });
    expect(properties.wasteUsd).toMatchObject({ type: ["number", "null"] });
    expect(properties.trace).toMatchObject({ type: "boolean" });
  });
});

it("a plan's options may hold any setting's default", () => {
  const options = Object.fromEntries(
    Object.entries(SETTING_TABLE).map(([name, { fallback }]) => [name, fallback]),
  );
  expect(taskPlanSchema.safeParse({ options, tasks: [{ id: "a", run: "ls" }] }).success).toBe(true);
});
