// Packages of a workspace lie in the frozen node_modules as links that lead back into the directory.
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { users } from "./overlay/driven-host.ts";
import { places, runAs } from "./overlay/run-as.ts";

const AGENT = { module: fileURLToPath(new URL("./fixtures/gate-agent.mjs", import.meta.url)), export: "run" };
const FILES = {
  "packages/core/v": "old",
  "node_modules/@acme/core": { link: "../../packages/core" },
  "node_modules/lodash/index.js": "1",
};
const THROUGH = "node_modules/@acme/core";

/** Three tasks of which the second has read, before the first has written, what that writes. */
const asAgents = (gate: string): readonly object[] => [
  { id: "build", input: { waitsFor: gate, writes: { "packages/core/v": "new" } } },
  { id: "use", input: { copies: [`${THROUGH}/v`, "seen"], opens: gate } },
  { id: "add", input: { writes: { [`${THROUGH}/added`]: "1" } } },
];
const asCommands = (gate: string): readonly object[] => [
  { id: "build", run: `while [ ! -e '${gate}' ]; do :; done; printf new > packages/core/v` },
  { id: "use", run: `cat ${THROUGH}/v > seen; : > '${gate}'` },
  { id: "add", run: `printf 1 > ${THROUGH}/added` },
];

const ways = [
  { way: "agents in threads", tasks: asAgents, options: { executor: "thread" } },
  { way: "agents in processes", tasks: asAgents, options: { executor: "process" } },
  { way: "tracked commands", tasks: asCommands, options: { trackSubprocesses: true } },
];

describe.each(users())("as $who", ({ uid, skip }) => {
  const cases = (["copy", "hardlink", "overlay"] as const).flatMap((staging) =>
    ways.map((way) => ({ ...way, staging })),
  );

  test.skipIf(skip).each(cases)("$way on $staging see a package as it is in their turn", async (each) => {
    using place = places(uid, FILES);
    const { shared: dir } = place;
    const { staging, tasks, options } = each;
    const report = await runAs(uid, {
      ...{ dir, tasks: tasks(join(place.path, "gate")), agent: AGENT },
      options: { mode: "parallel", maxWorkers: 3, staging, ...options },
    });
    expect(report).toMatchObject({ status: "succeeded", guarantee: { level: "serial-equivalent" } });
    expect(report.workdir.rung).toBe(staging);
    expect(readFileSync(join(dir, "seen"), "utf8")).toBe("new");
    expect(readTree(join(dir, "packages/core")).filter((line) => line.includes("file"))).toEqual([
      'added file 644 "1"',
      'v file 644 "new"',
    ]);
    expect(readlinkSync(join(dir, THROUGH))).toBe("../../packages/core");
    expect(report.tasks.use!.attempts).toBe(2);
  });

  test.skipIf(skip).each(["copy", "overlay"] as const)(
    "on %s a tool's cache beside them goes, and whatever else is put there is refused",
    async (staging) => {
      using place = places(uid, FILES);
      const { shared: dir } = place;
      const tasks = [
        { id: "caches", input: { writes: { "node_modules/.cache": "x", out: "1" } } },
        { id: "installs", input: { writes: { "node_modules/new": "x" } } },
        { id: "opens", input: { modes: { node_modules: 0o777 } } },
      ];
      const report = await runAs(uid, {
        ...{ dir, tasks, agent: AGENT },
        options: { staging, executor: "thread" },
      });
      expect(report.workdir.rung).toBe(staging);
      expect(report.tasks.caches!.outcome).toBe("succeeded");
      expect(report.tasks.installs!.failure!.error).toMatchObject({ code: "WRITE_UNDECLARED" });
      expect(report.tasks.opens!.failure!.error).toMatchObject({ code: "WRITE_UNDECLARED" });
      expect(report.guarantee.level).toBe("serial-equivalent");
      expect(readTree(join(dir, "node_modules")).map((line) => line.split(" ")[0])).toEqual([
        "@acme/",
        "@acme/core",
        "lodash/",
        "lodash/index.js",
      ]);
      expect(readFileSync(join(dir, "out"), "utf8")).toBe("1");
    },
  );
});
