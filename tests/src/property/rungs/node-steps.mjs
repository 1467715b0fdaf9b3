// Takes the steps of a program with Node: as a program of its own, `node node-steps.mjs '{"id":…,"steps":[…]}'`, or as
// an agent. What a step saw goes into what is written next, and into what is printed.
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

const seen = (stat) => {
  const kind = stat.isSymbolicLink() ? "link" : stat.isDirectory() ? "folder" : `file ${stat.size}`;
  return `${kind} ${(stat.mode & 0o777).toString(8)}`;
};

// On an overlay, a folder that was there before can be copied and not renamed; see the README.
const rename = (from, to) => {
  if (!fs.lstatSync(from).isDirectory()) fs.renameSync(from, to);
};

// On an overlay, a file can be copied onto itself by others than Node; see the README.
const copy = (from, to) => {
  if (!fs.existsSync(to) || fs.realpathSync(from) !== fs.realpathSync(to)) fs.copyFileSync(from, to);
};

const OPS = {
  read: (at) => fs.readFileSync(at, "latin1"),
  exists: (at) => String(fs.existsSync(at)),
  stat: (at) => seen(fs.statSync(at)),
  lstat: (at) => seen(fs.lstatSync(at)),
  list: (at) => fs.readdirSync(at).sort().join(","),
  readlink: (at) => fs.readlinkSync(at),
  write: (at, { text, mode }) => fs.writeFileSync(at, text, mode === undefined ? {} : { mode }),
  create: (at, { text }) => fs.writeFileSync(at, text, { flag: "wx" }),
  append: (at, { text }) => fs.appendFileSync(at, text),
  truncate: (at, { bytes }) => fs.truncateSync(at, bytes),
  unlink: (at) => fs.unlinkSync(at),
  rmdir: (at) => fs.rmdirSync(at),
  empty: (at) => fs.rmSync(at, { recursive: true, force: true }),
  chmod: (at, { mode }) => fs.chmodSync(at, mode),
  mkdir: (at, { recursive, mode }) =>
    void fs.mkdirSync(at, mode === undefined ? { recursive } : { recursive, mode }),
  symlink: (at, { target }) => fs.symlinkSync(target, at),
  rename: (at, { to }) => rename(at, to),
  copy: (at, { to }) => copy(at, to),
};

const mixed = (text) => createHash("sha256").update(text).digest("hex").slice(0, 12);

function outcome(root, step, so) {
  const to = step.to === undefined ? {} : { to: join(root, step.to) };
  const text = step.text === null ? { text: so } : {};
  try {
    return OPS[step.op](join(root, step.path), { ...step, ...to, ...text }) ?? "";
  } catch (error) {
    return `error ${error.code}`;
  }
}

/** Takes steps below a folder and returns what was seen, in a few letters. */
function takeSteps(root, { id, steps, delayMs }) {
  let so = id;
  if (delayMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
  for (const step of steps) {
    if (step.op !== "fail") so = mixed(`${so} ${step.op} ${outcome(root, step, so)}`);
    else if (Number.parseInt(so.slice(0, 6), 16) % step.every === 0) throw new Error("fails as it should");
  }
  return so;
}

export const run = (task, ctx) => takeSteps(ctx.dir, task.input);

if (process.argv[1] === import.meta.filename && process.argv[2] !== undefined) {
  process.stdout.write(takeSteps(".", JSON.parse(process.argv[2])));
}
