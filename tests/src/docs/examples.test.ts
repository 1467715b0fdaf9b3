// Examples in papers and doc comments run as they stand.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

const sources = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name));

interface Example {
  readonly file: string;
  readonly call: string;
  readonly result: string;
}

// `@example call(…) // result`, on one line.
const examples = readdirSync(join(root, "packages"))
  .flatMap((name) => sources(`packages/${name}/src`))
  .flatMap((file): readonly Example[] =>
    [...readFileSync(file, "utf8").matchAll(/@example (.+?) \/\/ (.+)$/gm)].map((match) => ({
      file,
      call: match[1]!,
      result: match[2]!.replace(/ \*\/$/, ""),
    })),
  );

const evaluate = (code: string, names: Record<string, unknown>): unknown =>
  new Function(...Object.keys(names), `return (${code});`)(...Object.values(names));

describe("examples of doc comments", () => {
  test("there are some", () => {
    expect(examples.length).toBeGreaterThan(5);
  });

  test.each(examples)("$call gives $result", async ({ file, call, result }) => {
    const names = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    expect(await evaluate(call, names)).toEqual(evaluate(result, {}));
  });
});

describe("programs of the README", () => {
  // Inside the checkout, so that "sheaf" is found as it is by a user who installed it.
  const folder = mkdtempSync(join(root, "tests/.readme-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const programs = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(
    (match) => match[1]!,
  );

  test("there is one", () => {
    expect(programs.length).toBeGreaterThan(0);
  });

  test.each(programs.map((code, i) => ({ code, name: `program ${i + 1}` })))(
    "$name runs and says what it promises",
    async ({ code, name }) => {
      const printed: string[] = [];
      const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map((match) => match[1]!);
      expect(expected.length).toBeGreaterThan(0);
      const path = join(folder, `${name.replace(" ", "-")}.mts`);
      writeFileSync(path, code.replaceAll("console.log(", "globalThis.__printed("));
      (globalThis as { __printed?: (...parts: unknown[]) => void }).__printed = (...parts) => {
        printed.push(parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" "));
      };
      await import(pathToFileURL(path).href);
      expect(printed).toEqual(expected);
    },
  );
});
