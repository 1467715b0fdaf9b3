// The steps of the audit. Each works in a directory alone: it reads and writes files there and nothing else, so it
// can be run in order by a plain loop, or by Sheaf in any order that leaves the same.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { barChart } from "./chart.ts";
import { eachFile, listPackages, type PackageEntry, readJson, SHARDS } from "./packages.ts";

export interface Measured {
  readonly id: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

const INVENTORY = "data/inventory.json";
const INPUT = "node_modules";

function write(dir: string, path: string, content: unknown): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(
    join(dir, path),
    typeof content === "string" ? content : `${JSON.stringify(content, null, 1)}\n`,
  );
}

const inventory = (dir: string): readonly PackageEntry[] => readJson(dir, INVENTORY);

const measured = (dir: string): readonly Measured[] =>
  Array.from({ length: SHARDS }, (_, i) =>
    readJson<readonly Measured[]>(dir, `data/measured-${i + 1}.json`),
  ).flat();

const manifest = (dir: string, path: string): Record<string, unknown> =>
  readJson(dir, join(INPUT, path, "package.json"));

const packageCount = (count: number): string => `${count} package${count === 1 ? "" : "s"}`;

function takeInventory(dir: string): string {
  const packages = listPackages(join(dir, INPUT));
  write(dir, INVENTORY, packages);
  return packageCount(packages.length);
}

function measure(dir: string, shard: number): string {
  const mine = inventory(dir).filter((each) => each.shard === shard);
  const result = mine.map(({ id, path, bytes }): Measured => {
    const files: { path: string; bytes: number; sha256: string }[] = [];
    let gzipBytes = 0;
    eachFile(join(dir, INPUT, path), (file, full, size) => {
      const content = readFileSync(full);
      files.push({ path: file, bytes: size, sha256: createHash("sha256").update(content).digest("hex") });
      gzipBytes += gzipSync(content, { level: 4 }).length;
    });
    return { id, bytes, gzipBytes, files };
  });
  write(dir, `data/measured-${shard}.json`, result);
  return packageCount(mine.length);
}

function licences(dir: string): string {
  const rows = inventory(dir).map(({ id, path }) => {
    const { license, licenses } = manifest(dir, path) as { license?: unknown; licenses?: unknown };
    const named =
      typeof license === "string" ? license : ((license ?? licenses) as { type?: string } | undefined)?.type;
    const text = readdirSync(join(dir, INPUT, path)).some((name) => /^licen[cs]e/i.test(name));
    return { id, licence: named ?? "not stated", text };
  });
  write(dir, "data/licences.json", rows);
  return `${new Set(rows.map((row) => row.licence)).size} different licences`;
}

function installScripts(dir: string): string {
  const rows = inventory(dir).flatMap(({ id, path }) => {
    const scripts = (manifest(dir, path).scripts ?? {}) as Record<string, string>;
    const hooks = ["preinstall", "install", "postinstall"].filter((hook) => scripts[hook] !== undefined);
    const native = existsSync(join(dir, INPUT, path, "binding.gyp"));
    return hooks.length === 0 && !native ? [] : [{ id, hooks, native }];
  });
  write(dir, "data/install-scripts.json", rows);
  return `${rows.length} packages run code when they are installed`;
}

function versions(dir: string): string {
  const byName = new Map<string, string[]>();
  for (const { name, version } of inventory(dir)) byName.set(name, [...(byName.get(name) ?? []), version]);
  const rows = [...byName]
    .filter(([, list]) => new Set(list).size > 1)
    .map(([name, list]) => ({ name, versions: list.sort() }));
  write(dir, "data/versions.json", rows);
  return `${rows.length} packages in more than one version`;
}

function sizes(dir: string): string {
  const rows = measured(dir)
    .map(({ id, bytes, gzipBytes, files }) => ({ id, bytes, gzipBytes, files: files.length }))
    .sort((a, b) => b.bytes - a.bytes || (a.id < b.id ? -1 : 1));
  write(dir, "data/sizes.json", rows);
  return `${Math.round(rows.reduce((sum, row) => sum + row.bytes, 0) / 1e6)} MB in all`;
}

function duplicates(dir: string): string {
  const holders = new Map<string, { bytes: number; where: string[] }>();
  for (const { id, files } of measured(dir)) {
    for (const { path, bytes, sha256 } of files) {
      const known = holders.get(sha256) ?? { bytes, where: [] };
      known.where.push(`${id}/${path}`);
      holders.set(sha256, known);
    }
  }
  const rows = [...holders]
    .filter(([, { bytes, where }]) => where.length > 1 && bytes > 0)
    .map(([sha256, { bytes, where }]) => ({
      sha256,
      bytes,
      wasted: bytes * (where.length - 1),
      where: where.sort(),
    }))
    .sort((a, b) => b.wasted - a.wasted || (a.sha256 < b.sha256 ? -1 : 1));
  write(dir, "data/duplicates.json", rows);
  return `${rows.length} files lie there more than once`;
}

function sizeChart(dir: string): string {
  const rows = readJson<readonly { id: string; bytes: number }[]>(dir, "data/sizes.json").slice(0, 20);
  const bars = rows.map(({ id, bytes }) => ({ label: id, value: bytes / 1e6 }));
  write(dir, "outputs/sizes.svg", barChart("The largest packages, MB", bars));
  return "outputs/sizes.svg";
}

function licenceChart(dir: string): string {
  const counts = new Map<string, number>();
  for (const { licence } of readJson<readonly { licence: string }[]>(dir, "data/licences.json")) {
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
  }
  const bars = [...counts]
    .map(([label, value]) => ({ label, value }))
    .sort((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1));
  write(dir, "outputs/licences.svg", barChart("Packages by licence", bars));
  return "outputs/licences.svg";
}

function report(dir: string): string {
  const all = readJson<readonly { id: string; bytes: number; gzipBytes: number; files: number }[]>(
    dir,
    "data/sizes.json",
  );
  const scripts = readJson<readonly { id: string; hooks: readonly string[] }[]>(
    dir,
    "data/install-scripts.json",
  );
  const twice = readJson<readonly { name: string; versions: readonly string[] }[]>(dir, "data/versions.json");
  const copies = readJson<readonly { wasted: number; where: readonly string[] }[]>(
    dir,
    "data/duplicates.json",
  );
  const terms = readJson<readonly { id: string; licence: string; text: boolean }[]>(
    dir,
    "data/licences.json",
  );
  const sum = (pick: (row: (typeof all)[number]) => number): number =>
    all.reduce((total, row) => total + pick(row), 0);
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const without = terms.filter((row) => !row.text).map((row) => row.id);
  write(
    dir,
    "outputs/report.md",
    [
      "# What is installed here",
      "",
      `${all.length} packages, ${sum((row) => row.files)} files, ${mb(sum((row) => row.bytes))}; about ${mb(sum((row) => row.gzipBytes))} to download.`,
      "",
      "![The largest packages](sizes.svg)",
      "",
      "| package | size | compressed | files |",
      "|---|---|---|---|",
      ...all
        .slice(0, 15)
        .map((row) => `| ${row.id} | ${mb(row.bytes)} | ${mb(row.gzipBytes)} | ${row.files} |`),
      "",
      "## Licences",
      "",
      "![Packages by licence](licences.svg)",
      "",
      `${without.length} packages come without the text of their licence${without.length === 0 ? "." : `: ${without.slice(0, 10).join(", ")}${without.length > 10 ? ", …" : ""}.`}`,
      "",
      "## Code that runs when they are installed",
      "",
      ...(scripts.length === 0
        ? ["None."]
        : scripts.map(
            (row) => `- ${row.id}${row.hooks.length === 0 ? " (native build)" : `: ${row.hooks.join(", ")}`}`,
          )),
      "",
      "## Twice the same",
      "",
      `${copies.length} files lie here more than once and take ${mb(copies.reduce((total, row) => total + row.wasted, 0))} for it.`,
      "",
      ...(twice.length === 0
        ? ["Every package is here in one version."]
        : twice.map((row) => `- ${row.name}: ${row.versions.join(", ")}`)),
      "",
    ].join("\n"),
  );
  return "outputs/report.md";
}

/** What each step does, by the id of its task. Returns a line that says what it found. */
export const STEPS: Readonly<Record<string, (dir: string) => string>> = {
  inventory: takeInventory,
  ...Object.fromEntries(
    Array.from({ length: SHARDS }, (_, i) => [`measure-${i + 1}`, (dir: string) => measure(dir, i + 1)]),
  ),
  licences,
  "install-scripts": installScripts,
  versions,
  sizes,
  duplicates,
  "size-chart": sizeChart,
  "licence-chart": licenceChart,
  report,
};
