import { SETTING_TABLE } from "@sheaf/engine";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addSettingFlags, settingsOfFlags } from "./setting-flags.ts";

const parse = (...args: string[]) =>
  settingsOfFlags(addSettingFlags(new Command()).exitOverride().parse(args, { from: "user" }).opts());

describe("the flags of the settings", () => {
  it("set what they are called after, and nothing else", () => {
    expect(parse()).toEqual({});
    expect(
      parse(
        ...["--mode", "parallel", "--workers", "8", "--on-failure", "stop", "--schedule", "levels"],
        ...["--executor", "process", "--timeout", "1.5", "--retain", "all"],
      ),
    ).toEqual({
      ...{ mode: "parallel", maxWorkers: 8, onFailure: "stop", schedule: "levels" },
      ...{ executor: "process", taskTimeoutMs: 1_500, retain: "all" },
    });
  });

  it.each([
    [
      ["--workers", "0"],
      '`--workers` to be how many tasks run at once (a whole number from 1 to 10000), got "0".',
    ],
    [["--workers", "two"], 'got "two".'],
    [["--timeout", "-5"], '`--timeout` to be a number of seconds, more than 0, got "-5".'],
    [["--timeout", "0"], 'got "0".'],
    [["--mode", "fast"], '`--mode` to be one of sequential, auto, parallel, got "fast".'],
  ])("refuse %j by their own name", (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });

  it("tell their defaults as the table has them", () => {
    const help = addSettingFlags(new Command()).configureHelp({ helpWidth: 500 }).helpInformation();
    expect(help).toContain(`most tasks at once (default: ${SETTING_TABLE.maxWorkers.fallback})`);
    expect(help).toContain(
      `longest run of one attempt (default: ${SETTING_TABLE.taskTimeoutMs.fallback / 1_000})`,
    );
  });
});
