// The papers say what the code does.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERROR_CODES } from "@sheaf/core";
import { SETTING_TABLE, VERSION } from "@sheaf/engine";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const json = (path: string): Record<string, never> => JSON.parse(read(path));

/** First cells of the tables of a paper, without marks. */
const firstCells = (text: string): readonly string[] =>
  [...text.matchAll(/^\| `?([^|`]+?)`? +\|/gm)].map((match) => match[1]!.trim());

describe("docs/errors.md", () => {
  test("lists every code and no other, in order, each with what to do", () => {
    const rows = [...read("docs/errors.md").matchAll(/^\| ([A-Z_]+) \| (.+?) \| (.+?) \|$/gm)];
    expect(rows.map((row) => row[1])).toEqual(ERROR_CODES);
    for (const row of rows) expect(row[3]!.length).toBeGreaterThan(10);
  });
});

describe("docs/dependencies.md", () => {
  test("gives a reason for every package that is depended on, and for no other", () => {
    const manifests = [
      "package.json",
      ...["packages", "examples"].flatMap((folder) =>
        readdirSync(join(root, folder)).map((name) => `${folder}/${name}/package.json`),
      ),
    ].filter((path) => path !== "examples/shell-plan/package.json");
    const used = new Set(
      manifests.flatMap((path) => {
        const {
          dependencies = {},
          devDependencies = {},
          optionalDependencies = {},
        } = json(path) as Record<string, Record<string, string>>;
        return [dependencies, devDependencies, optionalDependencies].flatMap((group) => Object.keys(group));
      }),
    );
    const ours = [...used].filter((name) => name === "sheaf" || name.startsWith("@sheaf/"));
    for (const name of ours) used.delete(name);
    const cells = firstCells(read("docs/dependencies.md")).flatMap((cell) => cell.split(", "));
    const listed = cells.filter((cell) => cell !== "package" && !cell.startsWith("-"));
    expect([...listed].sort()).toEqual([...used].sort());
  });
});

describe("README.md", () => {
  test("its table of options has every variable, with its option and its default", () => {
    const text = read("README.md");
    for (const [option, setting] of Object.entries(SETTING_TABLE)) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${setting.env}\` |`));
      expect(row, `a row for ${setting.env}`).toBeDefined();
      expect(row).toContain(`\`${option}\``);
    }
  });

  test("the version is the same everywhere", () => {
    for (const name of readdirSync(join(root, "packages"))) {
      expect(json(`packages/${name}/package.json`).version).toBe(VERSION);
    }
    expect(read("CHANGELOG.md")).toContain(`## ${VERSION}`);
  });

  test("links inside the repository lead somewhere", () => {
    const papers = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/costs.md"];
    for (const paper of papers) {
      for (const [, target] of read(paper).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        expect(existsSync(join(root, dirname(paper), target!)), `${paper} links to ${target}`).toBe(true);
      }
    }
  });
});
