import { spawnSync } from "node:child_process";
import { type Task, taskId } from "@sheaf/core";
import { expect, test } from "vitest";
import { interpolate } from "./interpolate.ts";

const OUTPUTS = {
  f: { rows: [1, 2], name: 'it\'s "$HOME" `date`', none: undefined },
  text: "plain",
  nothing: undefined,
};

const run = (task: Partial<Task>) =>
  interpolate({ id: taskId("t"), ...task }, OUTPUTS, (id) => Object.hasOwn(OUTPUTS, id));

/** What a command with references prints. */
const printed = (command: string): string => {
  const { task, env } = run({ run: command });
  const { stdout, stderr } = spawnSync("sh", ["-c", task.run!], { env: { ...process.env, ...env } });
  return String(stdout) + String(stderr);
};

test.each([
  ["between double quotes", 'printf %s "<${f.output.name}>"'],
  ["between single quotes", "printf %s '<${f.output.name}>'"],
  ["between single quotes beside others", "printf '%s' '<''${f.output.name}'\">\""],
  ["inside a substitution between double quotes", "printf %s \"$(printf %s '<${f.output.name}>')\""],
  ["after an apostrophe in a comment", '# don\'t\nprintf %s "<${f.output.name}>"'],
  ["in a here-document", "cat <<END | tr -d '\\n'\n<${f.output.name}>\nEND"],
])("an output arrives as it is %s", (_where, command) => {
  expect(printed(command)).toBe(`<${OUTPUTS.f.name}>`);
});

test("a program between single quotes gets its values", () => {
  expect(printed("printf '%s %s' '${text.output}' '${f.output.rows}'")).toBe("plain [1,2]");
});

test("a here-document with a quoted delimiter, where nothing can be put in, is refused", () => {
  expect(() => run({ run: "cat <<'END'\n${text.output}\nEND" })).toThrow(/whose delimiter is not quoted/);
});

test("an escaped reference stays what it is", () => {
  expect(printed('printf %s "\\${text.output}"')).toBe("${text.output}");
});

test.each([
  [
    "a key that is not there",
    "${f.output.dir}",
    /\$\{f\.output\.dir\}, and .* "f" is object with 3 keys: rows/,
  ],
  ["a key of a text", "${text.output.length}", /text of 5 characters/],
  ["a key of nothing", "${nothing.output.dir}", /is nothing/],
  ["a key that every object has", "${f.output.constructor}", /no such value/],
  ["a value that is undefined", "${f.output.none}", /no such value/],
])("%s fails, in commands and in texts", (_what, reference, message) => {
  for (const task of [{ run: `rm -rf "${reference}/x"` }, { description: `a ${reference}` }]) {
    expect(() => run(task)).toThrow(message);
  }
  expect(() => run({ input: [reference] })).toThrow(expect.objectContaining({ code: "INPUT_MISSING" }));
});

test("an output that is nothing is an input, and no part of a text", () => {
  expect(run({ input: { all: "${nothing.output}" } }).task.input).toEqual({ all: undefined });
  expect(() => run({ description: "${nothing.output}" })).toThrow(/is nothing/);
  expect(() => run({ run: "rm -rf /${nothing.output}" })).toThrow(/is nothing/);
});

test("a reference to an unknown task stays, and the others are replaced all the same", () => {
  const { task } = run({
    input: "${who.output} ${text.output}",
    description: "${text.output} ${who.output}",
  });
  expect(task).toMatchObject({ input: "${who.output} plain", description: "plain ${who.output}" });
  expect(run({ run: "echo '${who.output}' \"${text.output}\"" }).task.run).toBe(
    "echo '${who.output}' \"${SHEAF_INPUT_1}\"",
  );
  expect(run({ input: "${who.output}" }).task.input).toBe("${who.output}");
});

test("a text that is one reference becomes the value itself", () => {
  expect(run({ input: ["${f.output.rows}", "${f.output.rows.1}"] }).task.input).toEqual([[1, 2], 2]);
});

test("a NUL byte cannot go into a command, and the message says what to do", () => {
  const nul = () =>
    interpolate({ id: taskId("t"), run: "echo ${bytes.output}" }, { bytes: "ab\0c" }, (id) => id === "bytes");
  expect(nul).toThrow(
    /an output without NUL bytes in a command; let "bytes" write a file .*one at position 2/,
  );
});
