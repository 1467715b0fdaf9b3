import { SheafError } from "@sheaf/core";
import { SETTING_TABLE, type Setting, type Settings } from "@sheaf/engine";
import type { Command } from "commander";

/** A setting that has a flag of its own; all others have only their variable. */
interface SettingFlag {
  readonly flag: string;
  readonly setting: keyof Settings;
  readonly about: string;
}

const FLAGS: readonly SettingFlag[] = [
  {
    flag: "--mode <mode>",
    setting: "mode",
    about:
      "sequential: one task after another; auto: by the dependencies found; parallel: whatever conflicts runs again",
  },
  { flag: "--workers <n>", setting: "maxWorkers", about: "most tasks at once" },
  {
    flag: "--on-failure <what>",
    setting: "onFailure",
    about: "after a failure: continue with the rest, stop starting more, or cancel what runs",
  },
  {
    flag: "--order <which>",
    setting: "order",
    about: "list: tasks come in list order; free: they are a set, in the order that their files call for",
  },
  {
    flag: "--schedule <how>",
    setting: "schedule",
    about: "ready: start what can start; levels: level by level",
  },
  {
    flag: "--executor <where>",
    setting: "executor",
    about: "where agents run: auto, inline, thread or process",
  },
  {
    flag: "--track-subprocesses",
    setting: "trackSubprocesses",
    about:
      "watch what commands read, so that they need not declare it (Linux, and a C compiler the first time)",
  },
  { flag: "--root-hash", setting: "rootHash", about: "say at the end, as one hash, what the directory is" },
  { flag: "--timeout <seconds>", setting: "taskTimeoutMs", about: "longest run of one attempt" },
  { flag: "--retain <which>", setting: "retain", about: "work directories to keep: failed, all or none" },
];

const nameOf = (flag: string): string => flag.split(" ")[0]!;
const keyOf = (flag: string): string =>
  nameOf(flag)
    .slice(2)
    .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

function showDefault({ fallback, expected }: Setting<unknown>): string {
  return expected.startsWith("a time") ? `${Number(fallback) / 1_000}` : String(fallback);
}

/** Gives a command the flags of the settings. */
export function addSettingFlags(command: Command): Command {
  for (const { flag, setting, about } of FLAGS) {
    command.option(flag, `${about} (default: ${showDefault(SETTING_TABLE[setting])})`);
  }
  return command;
}

/**
 * Returns the settings that the flags ask for.
 *
 * @throws SheafError OPTION_INVALID naming the flag.
 */
export function settingsOfFlags(flags: Readonly<Record<string, unknown>>): Partial<Settings> {
  const settings: Record<string, unknown> = {};
  for (const { flag, setting } of FLAGS) {
    const text = flags[keyOf(flag)];
    if (text === true) settings[setting] = true;
    if (typeof text === "string") settings[setting] = readFlag(nameOf(flag), setting, text);
  }
  return settings;
}

/** Returns those of these flags that set something. */
export function settingFlagsIn(flags: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const keys = FLAGS.map(({ flag }) => keyOf(flag)).filter((key) => flags[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, flags[key]]));
}

function readFlag(option: string, name: keyof Settings, text: string): unknown {
  const setting: Setting<unknown> = SETTING_TABLE[name];
  const value = setting.parse(text);
  if (setting.accepts(value)) return value;
  const expected = setting.expected.startsWith("a time")
    ? "a number of seconds, more than 0"
    : setting.expected;
  throw new SheafError("OPTION_INVALID", { option, expected, got: text });
}
