import { spawnSync } from "node:child_process";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quotingAt } from "./shell-quoting.ts";

/** How the place of the first `@` is read. */
const at = (command: string): string => quotingAt(command, command.indexOf("@"));

test.each([
  ["echo @", "bare"],
  ["echo '@'", "single"],
  ["echo 'a'@", "bare"],
  ['echo "@"', "double"],
  [`echo "it's @"`, "double"],
  [`echo 'say "@"'`, "single"],
  ["echo it\\'s @", "bare"],
  ['echo "\\"@"', "double"],
  ["echo \\@", "escaped"],
  ['echo "\\@"', "escaped"],
  ["echo '\\@'", "single"],
  [`echo "$(echo '@')"`, "single"],
  [`echo "$(echo a) '@'"`, "double"],
  [`echo "$(echo "'@'")"`, "double"],
  [`echo "$(echo \${x:-)}) '@'"`, "double"],
  ["echo \"`echo '@'`\"", "single"],
  [`echo "\${x:-'@'}"`, "double"],
  [`echo \${x:-'@'}`, "single"],
  [`echo $(( 1 << 2 )) '@'\n2`, "single"],
  ["# don't\necho @", "bare"],
  ["echo a#don't@'", "single"],
  ["cat <<E\nit's @\nE", "double"],
  ["cat <<'E'\nit's @\nE", "document"],
  ["cat <<\\E\n@\nE", "document"],
  ["cat <<-E\n\tit's\n\tE\necho '@'", "single"],
  ["cat <<A; cat <<'B'\nit's\nA\n@\nB", "document"],
  ["cat <<E; echo '@'\nit's\nE", "single"],
])("%s", (command, quoting) => {
  expect(at(command)).toBe(quoting);
});

const piece = fc.constantFrom(
  "'",
  '"',
  "\\",
  "`",
  "$(",
  "(",
  ")",
  "${x:-",
  "}",
  "#",
  " ",
  "\n",
  "a",
  ";",
  "$((",
  "))",
);
const INSERTED: { readonly [quoting: string]: string } = {
  bare: "${V}",
  double: "${V}",
  single: "'\"${V}\"'",
};

test("what is put at a place by its quoting is what the shell finds there", () => {
  let printed = 0;
  const sh = (command: string) => {
    const { status, stdout } = spawnSync("sh", ["-c", `printf '<%s>' ${command}`], {
      env: { ...process.env, V: "@" },
    });
    return { status, stdout: String(stdout) };
  };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.array(piece, { maxLength: 8 }), (before, after) => {
      const [head, tail] = [before.join(""), after.join("")];
      const inserted = INSERTED[quotingAt(`${head}@${tail}`, head.length)];
      if (inserted === undefined) return;
      const expected = sh(`${head}@${tail}`);
      // What no shell can read is nobody's command.
      if (expected.status !== 0) return;
      printed += 1;
      expect(sh(`${head}${inserted}${tail}`)).toEqual(expected);
    }),
    cases({ ci: 100, deep: 1_000 }),
  );
  expect(printed).toBeGreaterThan(0);
}, 60_000);
