import type { EventBody } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { stamp, tell } from "../exports/events-rig.ts";
import { journalSamples } from "./journal-samples.ts";

const used = (costUsd?: number) => ({
  ...{ model: "m", inputTokens: 10, outputTokens: 5 },
  ...(costUsd === undefined ? {} : { costUsd }),
});

const EVENTS: readonly EventBody[] = [
  tell.started("a", 1),
  tell.used("a", 1, used(0.25)),
  tell.finished("a", 1, "no"),
  tell.started("a", 2),
  tell.used("a", 2, used(0.5)),
  tell.finished("a", 2),
  tell.committed("a", 2),
  tell.started("b", 1, "command"),
  tell.finished("b"),
  tell.committed("b"),
  tell.started("c"),
  tell.used("c", 1, used()),
  tell.finished("c"),
  tell.committed("c"),
  tell.started("d", 1, "other"),
  tell.finished("d", 1, "no"),
  tell.failed("d"),
];

function samplesOf(runs: readonly (readonly EventBody[])[], most = 100) {
  const named = runs.map((events, i) => ({ name: `run-${i}`, events: stamp([...events]) }));
  return journalSamples(named, { agents: ["coder", "writer", "other", "command"], most });
}

describe("samples of earlier runs", () => {
  it("hold all attempts of a task that was committed", () => {
    const known = samplesOf([EVENTS, EVENTS]);
    const one = { tokens: 30, pico: 750_000_000_000n, ms: 200 };
    expect(known.of("a", "coder")).toEqual({ from: "task", samples: [one, one] });
    expect(known.of("c", "coder").samples[0]).toEqual({ tokens: 15, pico: null, ms: 100 });
  });

  it("are taken of a task that failed where it had used something", () => {
    const spent = [
      tell.started("e", 1, "other"),
      tell.used("e", 1, used(1)),
      tell.finished("e", 1, "no"),
      tell.failed("e"),
    ];
    expect(samplesOf([EVENTS]).of("d", "other")).toEqual({ from: "none", samples: [] });
    expect(samplesOf([spent]).of("e", "other").samples).toEqual([{ tokens: 15, pico: 10n ** 12n, ms: 100 }]);
    expect(samplesOf([spent.slice(0, 3)]).of("e", "other").samples).toEqual([]);
  });

  it("have neither tokens nor a cost where an attempt was unmetered, also of a task that failed", () => {
    const done = [tell.used("g", 1, used(1)), tell.finished("g"), tell.committed("g")];
    const failed = [tell.finished("g", 1, "no"), tell.failed("g")];
    const unknown = { tokens: null, pico: null, ms: 100 };
    for (const ended of [done, failed]) {
      const stranded = [tell.started("g"), tell.unmetered("g"), ...ended];
      expect(samplesOf([stranded]).of("g", "coder").samples).toEqual([unknown]);
      expect(samplesOf([[tell.startedUnmetered("g"), ...ended]]).of("g", "coder").samples).toEqual([unknown]);
    }
    const untold = [tell.started("g"), tell.used("g", 1, { model: "m" }), ...failed];
    expect(samplesOf([untold]).of("g", "coder").samples).toEqual([{ tokens: 0, pico: null, ms: 100 }]);
  });

  it("belong to the agent of the last attempt", () => {
    const changed = [
      tell.started("f", 1, "coder"),
      tell.used("f", 1, used(1)),
      tell.finished("f", 1, "no"),
      tell.started("f", 2, "writer"),
      tell.finished("f", 2),
      tell.committed("f", 2),
    ];
    const known = samplesOf([changed]);
    expect(known.of("f", "coder").from).toBe("none");
    expect(known.of("f", "writer").samples).toEqual([{ tokens: 15, pico: 10n ** 12n, ms: 200 }]);
  });

  it("stand for other tasks of the agent, but not for other commands, nor for the task of another agent", () => {
    const known = samplesOf([EVENTS]);
    expect(known.of("new", "coder")).toMatchObject({ from: "agent", samples: [{ ms: 100 }, { ms: 200 }] });
    expect(known.of("b", "command").from).toBe("task");
    expect(known.of("new", "command").from).toBe("none");
    expect(known.of("a", "writer").from).toBe("none");
  });

  it("are of the latest attempts of an agent, and whole", () => {
    expect(samplesOf([EVENTS], 1).of("a", "coder")).toMatchObject({
      from: "agent",
      samples: [{ tokens: 15 }],
    });
    expect(samplesOf([EVENTS], 2).of("a", "coder")).toMatchObject({
      from: "task",
      samples: [{ tokens: 30 }],
    });
  });
});
