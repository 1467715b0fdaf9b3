import { type Files, type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { readAgentFlag, readAgentReference } from "./agent-reference.ts";

const made: TempDir[] = [];

afterEach(() => {
  for (const dir of made.splice(0)) dir[Symbol.dispose]();
});

function folder(files: Files = {}): TempDir {
  const dir = tempDir(files);
  made.push(dir);
  return dir;
}

describe("readAgentReference", () => {
  it("reads a module and its export, relative to a folder", () => {
    const dir = folder({ "agents.mjs": "", "odd#1/a.b.mjs": "", "x=y.mjs": "" });
    expect(readAgentReference("./agents.mjs", dir.path)).toEqual({ module: `${dir.path}/agents.mjs` });
    expect(readAgentReference("agents.mjs#fit$1", dir.path)).toEqual({
      module: `${dir.path}/agents.mjs`,
      export: "fit$1",
    });
    expect(readAgentReference(`${dir.path}/odd#1/a.b.mjs`, "/")).toEqual({
      module: `${dir.path}/odd#1/a.b.mjs`,
    });
  });

  it("refuses what is no file", () => {
    const dir = folder({ "folder/": "" });
    expect(() => readAgentReference("nope.mjs#x", dir.path)).toThrow(
      `${dir.path}/nope.mjs cannot be used: there is no such file.`,
    );
    expect(() => readAgentReference("folder", dir.path)).toThrow("it is not a file.");
    expect(() => readAgentReference("", dir.path)).toThrow("it is not a file.");
  });
});

describe("readAgentFlag", () => {
  it("takes what stands before = for a name, unless it looks like a path", () => {
    expect(readAgentFlag("eng=./a.mjs#x")).toEqual({ name: "eng", reference: "./a.mjs#x" });
    expect(readAgentFlag("./a=b.mjs")).toEqual({ name: null, reference: "./a=b.mjs" });
    expect(readAgentFlag("./a.mjs")).toEqual({ name: null, reference: "./a.mjs" });
    expect(readAgentFlag("__proto__=a.mjs")).toEqual({ name: "__proto__", reference: "a.mjs" });
  });
});
