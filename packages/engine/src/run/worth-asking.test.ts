import { type Edge, type EventBody, type Task, taskId } from "@sheaf/core";
import { describe, expect, test } from "vitest";
import { readSettings } from "../config/read-settings.ts";
import { makePlan, type RunPlan } from "../plan/make-plan.ts";
import type { RunBounds } from "../plan/run-bound.ts";
import { weighing } from "./worth-asking.ts";

const IDS = ["a", "b", "c"].map(taskId);
const CHAIN = IDS.slice(1).map((to, i): Edge => {
  return { from: IDS[i]!, to, kind: "order", source: "assumed", probability: 0.5, evidence: "" };
});

interface Weighed {
  readonly objection: string | null;
  readonly events: readonly EventBody[];
}

/** What is decided about three tasks of so many ms each that would run one after another. */
function weighed(estimateMs: number | null, options = {}, inTurn: readonly number[] = []): Weighed {
  const { settings } = readSettings({ model: "m", ...options }, {});
  const bounds: RunBounds = { maxWorkers: 3, shared: [], inTurn };
  const tasks = IDS.map((id) => ({ id, ...(estimateMs === null ? {} : { estimateMs }) }) as Task);
  const planBy = (edges: readonly Edge[]): RunPlan =>
    makePlan({ tasks, edges, bounds, measured: () => null, warnings: [] });
  const events: EventBody[] = [];
  const weigh = weighing(settings, planBy, (event) => events.push(event));
  return { objection: weigh({ tasks: 2, expectedMs: 1_900, known: [], without: CHAIN }), events };
}

describe("a model is asked", () => {
  test("where its answer may save more time than it takes, and that is told first", () => {
    const { objection, events } = weighed(60_000);
    expect(objection).toBeNull();
    expect(events).toEqual([
      {
        ...{ type: "analysis.asking", model: "m", tasks: 2, width: 3 },
        ...{ criticalPath: ["a"], speedupBound: 3, withoutBound: 1 },
      },
    ]);
  });

  test("where nobody knows how long the tasks take", () => {
    expect(weighed(null).objection).toBeNull();
  });

  test("not where it takes longer than it can save, which is said and costs nothing", () => {
    expect(weighed(500)).toEqual({
      objection: "A model would take some 1.9 s and save 1.0 s at most",
      events: [],
    });
  });

  test("not where all tasks run in their turn whatever it says", () => {
    const { objection } = weighed(60_000, {}, [0, 1, 2]);
    expect(objection).toBe("Nothing that a model could say would make the run faster");
  });

  test("in any case where that is wanted, and where it saves attempts", () => {
    expect(weighed(500, { useLlmDeps: "always" }).objection).toBeNull();
    expect(weighed(500, { mode: "parallel" }).objection).toBeNull();
  });
});
