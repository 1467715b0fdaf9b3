// Sets the checkout up on a machine that has only Node and npm: fetches the pinned pnpm, installs from the lockfile.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packageJson = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const windows = process.platform === "win32";

/** Prints to stderr: stdout belongs to what a command computes. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Runs a command to its end with its output on ours; `quiet` sends its stdout to stderr. Returns the exit code. */
export function call(command, args, { env = {}, quiet = false, cwd = root } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    stdio: ["inherit", quiet ? 2 : "inherit", "inherit"],
    shell: windows && !command.endsWith(".exe"),
    env: { ...process.env, ...env },
  });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

function need(status, what) {
  if (status === 0) return;
  say(`\n${what} failed (exit code ${status}); the reason stands above.`);
  process.exit(status);
}

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  say(
    `Sheaf needs Node 20.19 or newer; this is ${process.version}. Install a newer Node and run the command again.`,
  );
  process.exit(1);
}

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

// Two first runs in one checkout would install over each other: a folder is the lock, its holder's pid inside.
async function withLock(work) {
  const lock = join(root, "node_modules", ".setting-up");
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; ; ) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    let holder = 0;
    try {
      holder = Number(readFileSync(join(lock, "pid"), "utf8"));
    } catch {
      // The holder has not written its pid yet, or has just left; a lock older than a minute without one is dead.
      const age = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : 0;
      holder = age > 60_000 ? -1 : 0;
    }
    if (holder !== 0 && (holder < 0 || !alive(holder))) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!told) say("Another command is setting this checkout up; waiting for it.");
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  writeFileSync(join(lock, "pid"), String(process.pid));
  try {
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function pnpm(args) {
  const wanted = packageJson.packageManager.replace(/^pnpm@/, "").split("+")[0];
  const here = spawnSync("pnpm", ["--version"], { cwd: root, encoding: "utf8", shell: windows });
  if (here.status === 0 && here.stdout.trim() === wanted) return call("pnpm", args, { quiet: true });
  return call("npx", ["--yes", `--package=pnpm@${wanted}`, "--", "pnpm", ...args], { quiet: true });
}

/** Makes node_modules agree with the lockfile; does nothing when it already does. */
export async function bootstrap() {
  requireNode();
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"]) {
    hash.update(readFileSync(join(root, file)));
  }
  const stamp = join(root, "node_modules", ".set-up");
  const want = `${process.version} ${hash.digest("hex")}`;
  const done = () => existsSync(stamp) && readFileSync(stamp, "utf8") === want;
  if (done()) return;
  await withLock(() => {
    if (done()) return;
    say("Setting up: installing the packages of the lockfile (about half a minute the first time).");
    // Its advice to upgrade would be wrong here: the version is pinned.
    need(
      pnpm(["install", "--frozen-lockfile", "--reporter=append-only", "--config.update-notifier=false"]),
      "Installing packages",
    );
    writeFileSync(stamp, want);
  });
}

/** Path of a file inside node_modules. */
export const module = (...parts) => join(root, "node_modules", ...parts);

/** Compiles what has changed. */
export function build() {
  need(call(process.execPath, [module("typescript", "bin", "tsc"), "-b"], { quiet: true }), "Compiling");
}

/**
 * Fetches Node 24 from the npm registry and returns the path of its program. It lives outside the workspace: as a
 * dependency its `node` would take over every script of the project.
 */
export function node24() {
  const name = `node-${windows ? "win" : process.platform}-${process.arch}`;
  const folder = join(root, ".cache", "node24");
  const program = join(folder, "node_modules", name, "bin", windows ? "node.exe" : "node");
  if (!existsSync(program)) {
    say(`Fetching Node ${packageJson.node24} for the second test run.`);
    mkdirSync(folder, { recursive: true });
    const spec = `${name}@${packageJson.node24}`;
    const args = [
      "install",
      "--prefix",
      folder,
      "--no-save",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      spec,
    ];
    need(call("npm", args, { quiet: true }), `Fetching ${spec}`);
  }
  return program;
}
