import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { trackEnvironment } from "./shim-library.ts";

// Compilers and programs are run for real, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let place: ReturnType<typeof tempDir>;
beforeEach(() => {
  place = tempDir();
});
afterEach(() => {
  vi.unstubAllEnvs();
  place[Symbol.dispose]();
});

/** Asks for the library as a new process would. */
async function ask(variables: Record<string, string>): Promise<{ library?: string; missing?: string }> {
  vi.resetModules();
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const { trackShim } = await import("./shim-library.ts");
  return trackShim();
}

function program(name: string, script: string): void {
  writeFileSync(join(place.path, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(place.path, name), 0o755);
}

describe.skipIf(process.platform !== "linux")("the library of the tracker", () => {
  test("a machine without a compiler is told of, in one sentence", async () => {
    const answer = await ask({ PATH: place.path });
    expect(answer).toEqual({ missing: "There is no C compiler (cc, gcc, clang) to build the tracker with." });
  });

  test("a compiler that fails is told of, with its reason and without a trace in the cache", async () => {
    program("cc", 'test "$1" = --version || { echo "x.c:1: error: no headers." >&2; exit 1; }');
    const answer = await ask({ PATH: `${place.path}:${process.env.PATH}`, XDG_CACHE_HOME: place.path });
    expect(answer.missing).toBe("The tracker could not be built with cc: x.c:1: error: no headers.");
    expect(readdirSync(join(place.path, "sheaf"))).toEqual([]);
  });

  test("a library that does not track is told of", async () => {
    const empty =
      'while test "$1" != -o; do shift; done; echo "int a;" > $2.c; exec /usr/bin/cc -shared -o $2 $2.c';
    program("cc", `test "$1" = --version || { ${empty}; }`);
    if (!existsSync("/usr/bin/cc")) return;
    const answer = await ask({ PATH: `${place.path}:${process.env.PATH}`, XDG_CACHE_HOME: place.path });
    expect(answer.missing).toBe("The tracker does not see what a shell reads here.");
  });

  test.skipIf(spawnSync("cc", ["--version"]).status !== 0)("it is built once and kept", async () => {
    const first = await ask({ XDG_CACHE_HOME: place.path });
    program("gcc", "exit 9");
    program(
      "cc",
      `test "$1" = --version && exec ${spawnSync("which", ["cc"]).stdout.toString().trim()} --version`,
    );
    const again = await ask({ XDG_CACHE_HOME: place.path, PATH: `${place.path}:${process.env.PATH}` });
    expect(first.library).toMatch(/^.*\/sheaf\/track-[0-9a-f]{32}\.so$/);
    expect(again).toEqual(first);
    expect(readdirSync(join(place.path, "sheaf"))).toHaveLength(1);
  });

  test("a cache folder that others may write or that LD_PRELOAD cannot name is not used", async () => {
    const answer = await ask({ XDG_CACHE_HOME: join(place.path, "a b") });
    expect(answer.library ?? "").not.toContain("a b");
    expect(existsSync(join(place.path, "a b"))).toBe(false);
  });
});

test("the environment adds to the libraries that are preloaded already", () => {
  vi.stubEnv("LD_PRELOAD", "");
  const alone = { LD_PRELOAD: "/l.so", SHEAF_TRACK_LOG: "/log", SHEAF_TRACK_ROOT: "/root" };
  expect(trackEnvironment("/l.so", "/log", "/root")).toEqual({ ...alone, SHEAF_TRACK_COVERED: "1" });
  vi.stubEnv("LD_PRELOAD", "/theirs.so");
  expect(trackEnvironment("/l.so", "/log", "/root").LD_PRELOAD).toBe("/theirs.so:/l.so");
});
