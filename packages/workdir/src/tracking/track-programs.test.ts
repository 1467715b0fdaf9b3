import { chmodSync, copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { has, shim, Tracked, unless } from "./fixtures/tracked.ts";

// Compilers and programs are run for real, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const contain = (...records: string[]) => expect.arrayContaining(records);
const unknown = (records: readonly string[]): string[] => records.filter((record) => record.startsWith("u"));

describe.skipIf("missing" in shim)(`programs that are tracked${unless}`, () => {
  test("Node's own reads are recorded: sync, async, streams, modules, watched for or not there", () => {
    const place = new Tracked({
      "main.mjs": `
        import { createReadStream, existsSync, readFileSync } from "node:fs";
        import { access, copyFile, opendir, readdir, readFile, stat } from "node:fs/promises";
        import "./module.mjs";
        readFileSync("sync");
        existsSync("absent");
        await readFile("async");
        await stat("stat");
        await access("access").catch(() => {});
        await readdir("listed");
        for await (const entry of await opendir("opened"));
        for await (const chunk of createReadStream("stream"));
        await copyFile("copied", "copy");
      `,
      ...{
        "module.mjs": "",
        sync: "",
        async: "",
        stat: "",
        stream: "x",
        copied: "",
        "listed/": "",
        "opened/": "",
      },
    });
    const records = place.run(process.execPath, ["main.mjs"]);
    expect(records).toEqual(
      contain(
        "c main.mjs",
        "c module.mjs",
        "c sync",
        "e absent",
        "c async",
        "s stat",
        "e access",
        "l listed",
      ),
    );
    expect(records).toEqual(contain("l opened", "c stream", "c copied"));
    expect(unknown(records)).toEqual([]);
  });

  test.skipIf(!has("python3"))("python's reads are recorded, its subprocesses' too", () => {
    const place = new Tracked({ "main.py": "", file: "text", "folder/": "" });
    const script = [
      "import os, subprocess, pathlib",
      "open('file').read(); os.path.exists('absent'); os.listdir('folder'); list(os.scandir('.'))",
      "subprocess.run(['cat', 'from-child'], close_fds=True, env={'PATH': os.environ['PATH']}, stderr=-3)",
    ].join("\n");
    const records = place.run("python3", ["-c", script]);
    expect(records).toEqual(contain("c file", "s absent", "l folder", "l ", "c from-child"));
    expect(unknown(records)).toEqual([]);
  });

  test("the compiler's look along -I for headers that are not there is recorded", () => {
    const place = new Tracked({
      "main.c": '#include "sum.h"\nint main(void) { return sum(0, 0); }\n',
      "sum.c": '#include "sum.h"\nint sum(int a, int b) { return a + b; }\n',
      "first/": "",
      "second/sum.h": "int sum(int a, int b);\n",
    });
    const records = place.run("cc", ["-Ifirst", "-Isecond", "main.c", "sum.c", "-o", "program"]);
    expect(records).toEqual(contain("c main.c", "c sum.c", "c first/sum.h", "c second/sum.h"));
    expect(records.some((record) => /^[ew] program$/.test(record))).toBe(true);
    expect(unknown(records)).toEqual([]);
    expect(place.sh("./program")).toContain("c program");
  });

  test.skipIf(!has("make"))("make's looks at targets and sources are recorded", () => {
    const place = new Tracked({
      makefile: "all: out\nout: in $(wildcard more/*.in)\n\tcp in out\n",
      in: "",
      "more/a.in": "",
    });
    const records = place.run("make", ["-s"]);
    expect(records).toEqual(contain("c makefile", "s in", "s out", "c in", "l more"));
    expect(records).toContain("l ");
  });

  test("a script, its interpreter and the places where it was looked for are recorded", () => {
    const place = new Tracked({
      "first/": "",
      "second/tool": { text: "#!../bin/shell -e\ncat file\n", mode: 0o755 },
      "bin/": "",
      "work/file": "",
      "work/bare": { text: "cat from-bare\n", mode: 0o755 },
    });
    copyFileSync("/bin/sh", join(place.root, "bin/shell"));
    chmodSync(join(place.root, "bin/shell"), 0o755);
    const script = `PATH=${place.root}/first:${place.root}/second:$PATH; env tool; env ./bare || true`;
    const records = place.sh(script, { cwd: join(place.root, "work") });
    expect(records).toEqual(contain("c first/tool", "c second/tool", "c bin/shell", "c work/file"));
    expect(records).toEqual(contain("c work/bare", "c work/from-bare"));
    expect(unknown(records)).toEqual([]);
  });

  test.each([
    ["env -i", "env -i cat file"],
    ["LD_PRELOAD emptied", "LD_PRELOAD= cat file"],
    ["LD_PRELOAD unset", "unset LD_PRELOAD; env cat file"],
    ["another LD_PRELOAD", "LD_PRELOAD=/nowhere.so env cat file 2>/dev/null"],
  ])("a program that is started without our variables gets them back: %s", (_, script) => {
    const place = new Tracked({ file: "" });
    const records = place.sh(script);
    expect(records).toContain("c file");
    expect(unknown(records)).toEqual([]);
  });

  test("every way of starting a program is followed", () => {
    const place = new Tracked();
    const program = place.compile(
      "starts",
      `#define _GNU_SOURCE
       #include <fcntl.h>
       #include <spawn.h>
       #include <stdio.h>
       #include <stdlib.h>
       #include <sys/syscall.h>
       #include <sys/wait.h>
       #include <unistd.h>
       extern char **environ;
       #define IN_CHILD(call) if (fork() == 0) { call; _exit(9); } wait(NULL)
       #define ARGS(name) (char *[]){"cat", name, NULL}
       int main(void) {
         char *none[] = {NULL};
         posix_spawn_file_actions_t actions;
         freopen("/dev/null", "w", stderr);
         IN_CHILD(execve("/bin/cat", ARGS("execve"), none));
         IN_CHILD(execv("/bin/cat", ARGS("execv")));
         IN_CHILD(execvp("cat", ARGS("execvp")));
         IN_CHILD(execvpe("cat", ARGS("execvpe"), none));
         IN_CHILD(execl("/bin/cat", "cat", "execl", NULL));
         IN_CHILD(execlp("cat", "cat", "execlp", NULL));
         IN_CHILD(execle("/bin/cat", "cat", "execle", NULL, none));
         IN_CHILD(fexecve(open("/bin/cat", O_RDONLY), ARGS("fexecve"), none));
         IN_CHILD(syscall(SYS_execve, "/bin/cat", ARGS("SYS_execve"), none));
         posix_spawn(NULL, "/bin/cat", NULL, NULL, ARGS("posix_spawn"), none), wait(NULL);
         posix_spawn_file_actions_init(&actions);
         posix_spawn_file_actions_addopen(&actions, 0, "addopen", O_RDONLY, 0);
         posix_spawnp(NULL, "cat", &actions, NULL, ARGS("posix_spawnp"), none);
         posix_spawnp(NULL, "cat", NULL, NULL, ARGS("posix_spawnp"), none), wait(NULL);
         clearenv();
         system("cat system");
         clearenv();
         pclose(popen("cat popen", "r"));
       }`,
    );
    const records = place.run(program!, []);
    const names = [
      ...["execve", "execv", "execvp", "execvpe", "execl", "execlp", "execle", "fexecve", "SYS_execve"],
      ...["posix_spawn", "posix_spawnp", "addopen", "system", "popen"],
    ];
    expect(names.filter((name) => !records.includes(`c ${name}`))).toEqual([]);
    expect(unknown(records)).toEqual([]);
  });

  test("a static program, one whose loader is missing and one set to another user are marked unknown", () => {
    const place = new Tracked({ file: "" });
    const source = "int main(void) { return 0; }";
    const still = place.compile("static", source, ["-static"]);
    const lost = place.compile("lost", source, ["-Wl,--dynamic-linker=/nowhere/ld.so"]);
    if (still !== undefined) {
      expect(unknown(place.run("env", [still]))).toEqual([`u a static program: ${still}`]);
    }
    expect(unknown(place.sh(`${lost} 2>/dev/null || true`))).toEqual([`u the loader is missing: ${lost}`]);
    const other = place.compile("other", source);
    chmodSync(other!, 0o4755);
    const asRoot = process.getuid!() === 0;
    const script = asRoot ? `setpriv --reuid 65534 ${other} || true` : `${other}`;
    if (asRoot && existsSync("/usr/bin/setpriv")) {
      chmodSync(place.outside, 0o755);
      expect(unknown(place.sh(`chown 65533 ${other}; chmod 4755 ${other}; ${script}`))).toEqual([
        `u a setuid program: ${other}`,
      ]);
    }
  });

  test("a program that bypasses glibc, and one that loads liburing, are marked unknown", () => {
    const place = new Tracked();
    const note =
      '.section .note.go.buildid,\\"a\\",@note\\n.long 4,4,4\\n.ascii \\"Go\\\\0\\\\0\\"\\n.ascii \\"id01\\"\\n.text';
    const go = place.compile("go", `__asm__("${note}"); int main(void) { return 0; }`);
    expect(unknown(place.run("env", [go!]))).toEqual([`u a program that bypasses glibc: ${go}`]);
    place.compile("liburing.so", "int ring(void) { return 0; }", ["-shared", "-fPIC"]);
    const ring = place.compile("ring", "int ring(void); int main(void) { return ring(); }", [
      join(place.outside, "liburing.so"),
    ]);
    expect(unknown(place.run(ring!, []))).toEqual(["u a process uses io_uring"]);
  });

  test("a program that is started from outside is recorded, and the libraries that it finds below the root", () => {
    const place = new Tracked({ "lib/": "" });
    copyFileSync(place.compile("started", "int main(void) { return 0; }")!, join(place.root, "started"));
    const records = place.run("env", ["LD_LIBRARY_PATH=lib", "./started"]);
    expect(records).toEqual(contain("c started", "t lib"));
    expect(place.run("./started", [])).toEqual(["c started"]);
  });

  test("io_uring is refused, so that programs read by calls", () => {
    const place = new Tracked();
    const ring = place.compile(
      "ring",
      `#include <errno.h>
       #include <sys/syscall.h>
       #include <unistd.h>
       int main(void) { return syscall(SYS_io_uring_setup, 1, 0) == -1 && errno == ENOSYS ? 0 : 1; }`,
    );
    expect(unknown(place.run(ring!, []))).toEqual([]);
  });

  test("a changed root folder and a process tracked for somebody else are marked unknown", () => {
    const place = new Tracked({ file: "" });
    const program = place.compile(
      "other-root",
      '#include <unistd.h>\nint main(void) { chroot("/nowhere"); return 0; }',
    );
    expect(unknown(place.run(program!, []))).toEqual(["u a process changes its root folder"]);
    expect(unknown(place.sh("SHEAF_TRACK_LOG=/nowhere/log env cat file"))).toEqual([
      "u a process is tracked for somebody else",
    ]);
  });
});
