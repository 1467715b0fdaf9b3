// A PostgreSQL server of the test's own: a free port, a folder that is removed again.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";

const DEBIAN = "/usr/lib/postgresql";
/** The server refuses to run as root; any other user will do. */
const NOBODY = 65_534;

export interface PostgresServer {
  /** URL of a new, empty schema. */
  schema(): string;
  stop(): Promise<void>;
}

/** Returns the folder with the programs of PostgreSQL, or null where it is not installed. */
export function postgresPrograms(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb"))) ?? null;
}

/** The server also refuses a user whom nobody has given a name. */
export function isNamedUser(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

export async function startPostgres(programs: string): Promise<PostgresServer> {
  const data = mkdtempSync(join(tmpdir(), "sheaf-postgres-"));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(data, NOBODY, NOBODY);
  const as = isRoot ? { uid: NOBODY, gid: NOBODY, cwd: "/" } : {};
  const program = (name: string): string => join(programs, name);
  const initdb = ["-D", data, "-U", "sheaf", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-N"];
  execFileSync(program("initdb"), initdb, { ...as, stdio: "ignore" });
  const port = await freePort();
  const settings = [
    ...[`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"],
    ...["synchronous_commit=off", "full_page_writes=off"],
  ].flatMap((setting) => ["-c", setting]);
  const server = spawn(program("postgres"), ["-D", data, ...settings], {
    ...as,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const kill = (): void => void server.kill("SIGQUIT");
  process.once("exit", kill);
  await ready(server);
  const url = `postgres://sheaf@127.0.0.1:${port}/postgres`;
  let schemas = 0;
  return {
    schema() {
      const name = `case_${schemas++}`;
      execFileSync(program("psql"), [url, "-qc", `create schema ${name}`]);
      return `${url}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
    },
    async stop() {
      process.off("exit", kill);
      kill();
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { readonly port: number };
      probe.close(() => resolve(port));
    });
  });
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    server.stderr?.on("data", (text: Buffer) => {
      said += text;
      if (said.includes("ready to accept connections")) resolve();
    });
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`postgres ended with code ${code}: ${said}`)));
  });
}
