// A run that is gone on with after somebody has changed the directory, or has not.
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { executeWithParallelism, type RunReport } from "@sheaf/engine";
import { readJournal } from "@sheaf/ledger";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let place: TempDir;
let ran: string[] = [];

interface Session {
  readonly mended?: boolean;
  /** A task between the others that declares nothing, and so is shown everything. */
  readonly blind?: boolean;
  readonly text?: string;
  readonly home?: string;
}

const at = (path: string): string => join(place.path, "dir", path);
const read = (path: string): string => readFileSync(at(path), "utf8");

const session = ({ mended = false, blind = false, text = "made", home }: Session): PromiseLike<RunReport> => {
  ran = [];
  return executeWithParallelism(
    {
      dir: at(""),
      tasks: [
        { id: "makes", reads: ["in"], writes: ["made", "deep/er"], input: text },
        ...(blind ? [{ id: "blind", run: "wc -l < in > count" }] : []),
        { id: "uses", reads: ["made"], writes: ["used"] },
        { id: "last", reads: ["used"], writes: ["last"] },
      ],
    },
    ({ id, input }, { dir }) => {
      ran.push(id);
      if (id === "makes") {
        mkdirSync(join(dir, "deep"), { recursive: true });
        writeFileSync(join(dir, "deep/er"), "deep");
        writeFileSync(join(dir, "made"), `${input} of ${readFileSync(join(dir, "in"), "utf8")}`);
      }
      if (id === "uses") writeFileSync(join(dir, "used"), readFileSync(join(dir, "made")));
      if (id === "last" && !mended) throw new Error("not yet");
    },
    { runId: "r", env: {}, useLlmDeps: false, ...(home === undefined ? {} : { home }) },
  );
};

beforeEach(() => {
  place = tempDir();
  mkdirSync(at(""));
  writeFileSync(at("in"), "in\n");
  writeFileSync(at("notes"), "mine");
});
afterEach(() => place[Symbol.dispose]());

const told = () =>
  readJournal(at(".sheaf/runs/r/journal.ndjson")).events.flatMap((event) =>
    event.type === "dir.changed-outside" ? [{ paths: event.paths, readers: event.readers }] : [],
  );

describe("nobody has changed anything", () => {
  test.each([{ blind: false }, { blind: true }])("the guarantee holds: %o", async (given) => {
    expect((await session(given)).status).toBe("partial");
    const second = await session({ ...given, mended: true });
    expect(ran).toEqual(["last"]);
    expect(second.guarantee.level).toBe("serial-equivalent");
    expect(told()).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/shm"))("nor where the state lies on another file system", async () => {
    const home = mkdtempSync("/dev/shm/sheaf-test-");
    try {
      await session({ home, blind: true });
      const second = await session({ home, blind: true, mended: true });
      expect(second.guarantee.level).toBe("serial-equivalent");
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});

describe("somebody has changed", () => {
  beforeEach(async () => {
    expect((await session({})).status).toBe("partial");
  });

  test("what no committed task has to do with: the guarantee holds", async () => {
    writeFileSync(at("notes"), "changed");
    writeFileSync(at("new"), "new");
    expect((await session({ mended: true })).guarantee.level).toBe("serial-equivalent");
  });

  test.each([
    ["in", "changed, as long"],
    ["in", "IN\n"],
  ])("what a committed task had read: it stays, and that is told (%s: %j)", async (path, text) => {
    writeFileSync(at(path), text);
    const { status, guarantee } = await session({ mended: true });
    expect([status, ran]).toEqual(["succeeded", ["last"]]);
    expect(told()).toEqual([{ paths: [], readers: ["makes"] }]);
    expect(guarantee).toEqual({
      level: "void",
      reasons: ["committed tasks that stay had read something else: makes"],
    });
  });

  test.each<[string, (path: string) => void]>([
    ["in place", (path) => appendFileSync(path, "!")],
    ["in place, to the same length", (path) => writeFileSync(path, "MADE of in\n")],
    [
      "by a new file",
      (path) => {
        rmSync(path);
        writeFileSync(path, "another");
      },
    ],
    ["by its mode", (path) => chmodSync(path, 0o600)],
    ["by removing it", (path) => rmSync(path)],
  ])("what a committed task had written, %s", async (_how, change) => {
    change(at("made"));
    const { guarantee } = await session({ mended: true });
    expect(guarantee.level).toBe("void");
    expect(guarantee.reasons[0]).toBe("the directory was changed from outside: made");
    expect(told()).toHaveLength(1);
    expect(ran).toEqual(["last"]);
  });

  test("a folder that a committed task had made", async () => {
    rmSync(at("deep"), { recursive: true });
    expect((await session({ mended: true })).guarantee.reasons[0]).toMatch(/outside: deep, deep\/er$/);
  });

  test("what is taken back: it is put aside, and kept", async () => {
    writeFileSync(at("made"), "by hand");
    const { status, guarantee } = await session({ mended: true, text: "made anew" });
    expect([status, guarantee.level, ran]).toEqual(["succeeded", "void", ["makes", "uses", "last"]]);
    expect(read("made")).toBe("made anew of in\n");
    expect(read(".sheaf/runs/r/outside/made")).toBe("by hand");
  });
});
