// Runs scripts one after another from one small shell: starting processes from Node takes longer than most scripts.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { memoryDir, type TempDir } from "@sheaf/testkit";

/** How a script ended. */
export interface Ended {
  readonly code: number;
  /** What it printed, with no trace of where its folder lies. */
  readonly printed: string;
}

const ENVIRONMENT = { PATH: "/usr/bin:/bin", LC_ALL: "C", HOME: "/nowhere", GIT_CONFIG_NOSYSTEM: "1" };

export class ScriptRunner implements Disposable {
  readonly #place: TempDir = memoryDir();
  readonly #shell: ChildProcess = spawn("/bin/sh", [], {
    env: ENVIRONMENT,
    stdio: ["pipe", "pipe", "inherit"],
  });

  constructor() {
    // A script that reads what it writes ends all the same.
    this.#shell.stdin!.write("ulimit -t 20; ulimit -f 20000\n");
  }

  /** Runs a script in a folder, with these variables beside a few plain ones. */
  async run(
    folder: string,
    script: string,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    const [file, out] = [join(this.#place.path, "script"), join(this.#place.path, "out")];
    writeFileSync(file, `umask 022\n${script}\n`);
    const set = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
    const start = `cd '${folder}' && exec env ${set.join(" ")} sh -c "$(cat ${file})"`;
    this.#shell.stdin!.write(`(${start}) < /dev/null > ${out} 2> /dev/null; echo $?\n`);
    const [code] = await once(this.#shell.stdout!, "data");
    const printed = readFileSync(out, "utf8")
      .replaceAll(folder, "/folder")
      .replaceAll(dirname(folder), "/above");
    return { code: Number(code), printed };
  }

  [Symbol.dispose](): void {
    this.#shell.stdin!.end();
    this.#place[Symbol.dispose]();
  }
}
