import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { has, shim, Tracked, unless } from "./fixtures/tracked.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8");
// Compilers and programs are run for real, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const contain = (...records: string[]) => expect.arrayContaining(records);

describe.skipIf("missing" in shim)(`the tracker of subprocesses${unless}`, () => {
  test("a shell's reads, looks, listings and redirections are recorded, absent files included", () => {
    const place = new Tracked({ "in.txt": "in", "a.c": "", "b.c": "", "sub/deep.txt": "", "old.txt": "old" });
    const records = place.sh(
      "test -e absent; cat in.txt > out.txt; echo *.c; cd sub; cat deep.txt ../none; cd ..; echo x >> old.txt",
    );
    expect(records).toEqual(
      contain("s absent", "c in.txt", "w out.txt", "l ", "c sub/deep.txt", "c none", "a old.txt"),
    );
    expect(records).not.toContain("c out.txt");
    expect(records.filter((record) => record.startsWith("u"))).toEqual([]);
  });

  test("each call of glibc that takes a path is recorded under its letter", () => {
    const place = new Tracked();
    const program = place.compile("calls", fixture("calls.c"), ["-ldl"]);
    const records = place.run(program!, []);
    const content = [
      ...["open", "open64", "openat", "openat64", "__open_2", "__open64_2", "__openat_2", "__openat64_2"],
      ...["fopen", "fopen64", "freopen", "freopen64", "fopen-a+", "fopen-r+", "open-wronly"],
      ...["open-create", "missing/open", "readlink", "readlinkat", "__readlink_chk", "__readlinkat_chk"],
      ...["rename", "renameat", "renameat2", "link", "linkat", "chmod", "fchmodat", "chown", "lchown"],
      ...["fchownat", "truncate", "truncate64", "utime", "utimes", "lutimes", "futimesat", "utimensat"],
      ...["SYS_openat", "SYS_open", "SYS_renameat2", "from-chdir", "dlopen.so"],
    ];
    const stat = [
      ...["stat", "lstat", "fstatat", "stat64", "lstat64", "fstatat64", "__xstat", "__xstat64", "__lxstat"],
      ...["__lxstat64", "__fxstatat", "__fxstatat64", "statx", "access-r", "euidaccess", "open-path"],
      ...["SYS_statx", "SYS_newfstatat", "SYS_stat"],
    ];
    const existence = [
      ...["access", "faccessat", "eaccess", "realpath", "__realpath_chk", "canonicalize_file_name", "chdir"],
      ...["mkdir", "mkdirat", "missing/mkdir", "missing", "mkfifo", "mknod", "unlink", "unlinkat", "remove"],
      ...["rename-to", "renameat-to", "renameat2-to", "SYS_renameat2-to", "link-to", "linkat-to", "symlink"],
      ...["symlinkat", "open-excl", "open-trunc", "fopen-wx", "SYS_access", "statfs", "statfs64", "statvfs"],
      ...["statvfs64", "pathconf", "getxattr", "lgetxattr", "listxattr", "llistxattr", "inotify_add_watch"],
      ...["SYS_statfs", "setxattr", "lsetxattr", "removexattr", "lremovexattr"],
    ];
    const listing = [
      ...["opendir", "fdopendir", "scandir", "scandir64", "scandirat", "getdents", "globbed", "globbed64"],
      ...["rmdir", "unlinkat-dir"],
    ];
    const tree = ["ftw", "ftw64", "nftw", "nftw64", "fts_open", "fts64_open"];
    const written = ["creat", "creat64", "fopen-w", "fopen-wx", "open-excl"];
    const appended = ["fopen-a", "open-append"];
    const wanted = { a: appended, c: content, s: stat, e: existence, l: listing, t: tree, w: written };
    for (const [letter, names] of Object.entries(wanted)) {
      const missing = names.filter((name) => !records.includes(`${letter} ${name}`));
      expect({ letter, missing }).toEqual({ letter, missing: [] });
    }
    expect(records).not.toContain("c creat");
    expect(records).not.toContain("c fopen-a");
  });

  test("a path through a link records the link and the place that it leads to", () => {
    const place = new Tracked({
      "real/file": "",
      link: { link: "real" },
      "real/up": { link: "../top" },
      top: "",
    });
    symlinkSync(place.root, join(place.outside, "door"));
    expect(place.sh("cat link/up")).toEqual(contain("c link", "c real/up", "c top"));
    expect(place.sh("cat link/../top real/../link/file")).toEqual(contain("c link", "c top", "c real/file"));
    expect(place.sh(`cat ${place.outside}/door/real/file`)).toEqual(contain("c real/file"));
    expect(place.sh("ln -s nothing dangling; cat dangling || true")).toEqual(
      contain("c dangling", "c nothing"),
    );
  });

  test("a path that leaves a folder again has looked whether it is there", () => {
    const place = new Tracked({ file: "", "folder/sub/": "" });
    expect(place.sh("cat folder/sub/../../file")).toEqual(contain("e folder/sub", "e folder", "c file"));
    expect(place.sh("cat none/../file || true")).toEqual(contain("e none", "c file"));
    expect(place.sh("cd folder; cat ../file")).not.toContain("e ");
  });

  test("nothing outside of the roots is recorded, and each root under the path it was given", () => {
    const place = new Tracked({ file: "" });
    symlinkSync(place.root, join(place.outside, "alias"));
    writeFileSync(join(place.outside, "other"), "");
    const alias = join(place.outside, "alias");
    const outside = { cwd: place.outside };
    expect(place.sh(`cat ${place.outside}/other`, outside)).toEqual([]);
    expect(place.sh("cat file", { root: alias })).toContain(`c ${alias.slice(1)}/file`);
    const two = place.sh(`cat file ${place.outside}/other`, { root: `${place.root}:${place.outside}` });
    expect(two).toEqual(contain("c file", `c ${place.outside.slice(1)}/other`));
    expect(place.sh("true", { root: `${place.root}:with-colon` })).toContain("u a root cannot be watched");
    expect(place.sh(`cat ${place.root}x/file || true`, outside)).toEqual([]);
  });

  test("renaming a file reads it, renaming a folder reads its whole tree, links read their source", () => {
    const place = new Tracked({ file: "", "folder/inner": "", source: "" });
    expect(place.sh("mv file moved")).toEqual(contain("c file", "e moved", "w moved"));
    expect(place.sh("mv folder other")).toEqual(contain("t folder", "e other", "l other"));
    expect(place.sh("ln source hard; ln -s source soft; readlink soft")).toEqual(
      contain("c source", "e hard", "e soft", "c soft"),
    );
  });

  test("who removed a file has not added to what is there later", () => {
    const place = new Tracked({ log: "old" });
    expect(place.sh("rm log; echo >> log; rm none || true")).toEqual(contain("e log", "w log", "a log"));
    expect(place.sh("rm none || true")).not.toContain("w none");
  });

  test("what makes a name also looks for its folder", () => {
    const place = new Tracked({ "made/": "" });
    expect(place.sh("echo > made/file; echo > lost/file || true; mkdir lost/sub || true")).toEqual(
      contain("w made/file", "e made", "e lost/file", "e lost", "e lost/sub"),
    );
  });

  test("eight threads at once and a fork without exec lose no record and break none", () => {
    const place = new Tracked();
    const program = place.compile("threads", fixture("threads.c"), ["-pthread"]);
    const records = place.run(program!, []);
    const wanted = [];
    for (let thread = 0; thread < 8; thread++) for (let i = 0; i < 200; i++) wanted.push(`c t${thread}-${i}`);
    expect(records).toEqual(contain(...wanted, "c shared", "c from-child"));
    expect(records.filter((record) => record === "c shared").length).toBeLessThanOrEqual(8);
  });

  test("a killed process leaves all that it had read in a log that can be read", async () => {
    const place = new Tracked({ file: "text" });
    const records = await place.runAndKill("sh", ["-c", "test -e absent; cat file; read wait"]);
    expect(records).toEqual(contain("s absent", "c file"));
  });

  test("a process that closes or takes every descriptor is still recorded, and its own files stay its own", () => {
    const place = new Tracked({ first: "", second: "" });
    const program = place.compile(
      "descriptors",
      `#define _GNU_SOURCE
       #include <fcntl.h>
       #include <unistd.h>
       int main(void) {
         open("first", O_RDONLY);
         for (int fd = 3; fd < 1024; fd++) close(fd);
         int own = open("own", O_CREAT | O_RDWR, 0600);
         for (int fd = 4; fd < 1024; fd++) dup2(own, fd);
         close(9);
         open("second", O_RDONLY);
       }`,
    );
    expect(place.run(program!, [])).toEqual(contain("c first", "c second"));
    expect(readFileSync(join(place.root, "own"), "utf8")).toBe("");
  });

  test("a log that is taken away is not made again, and a process without one works as ever", () => {
    const place = new Tracked({ file: "text" });
    rmSync(place.log);
    const result = spawnSync("cat", ["file"], {
      cwd: place.root,
      env: place.environment(),
      encoding: "utf8",
    });
    expect({ status: result.status, stdout: result.stdout, stderr: result.stderr }).toEqual({
      ...{ status: 0, stdout: "text", stderr: "" },
    });
    expect(existsSync(place.log)).toBe(false);
  });

  test("a record that cannot be written takes the log away", () => {
    const place = new Tracked({ file: "text" });
    // The limit on file sizes stands in for a full disk.
    const run = 'trap "" XFSZ; ulimit -f 0; test -e absent; true';
    spawnSync("sh", ["-c", run], { cwd: place.root, env: place.environment() });
    expect(existsSync(place.log)).toBe(false);
  });

  test("what a call returns and errno are those of the call", () => {
    const place = new Tracked({ file: "", loop: { link: "loop" }, "folder/": "" });
    closeSync(openSync(join(place.root, "file"), "r"));
    const script = "cat absent; cat loop; cat file/x; rmdir absent; mkdir file; ls folder; cat folder";
    const options = { cwd: place.root, encoding: "utf8" as const };
    const plain = spawnSync("sh", ["-c", script], options);
    const tracked = spawnSync("sh", ["-c", script], { ...options, env: place.environment() });
    expect(tracked.stderr).toBe(plain.stderr);
    expect(tracked.status).toBe(plain.status);
  });

  test("folders that are made in one instant and opened as one descriptor are kept apart", () => {
    const place = new Tracked();
    const program = place.compile(
      "folders",
      `#include <fcntl.h>
       #include <stdio.h>
       #include <sys/stat.h>
       #include <unistd.h>
       int main(void) {
         char name[9];
         for (int i = 0; i < 50; i++) sprintf(name, "f%d", i), mkdir(name, 0700);
         for (int i = 0; i < 50; i++) {
           sprintf(name, "f%d", i);
           int folder = open(name, O_RDONLY);
           openat(folder, "file", O_RDONLY);
           close(folder);
         }
       }`,
    );
    const wanted = Array.from({ length: 50 }, (_, i) => `c f${i}/file`);
    expect(place.run(program!, [])).toEqual(contain(...wanted));
  });

  test("a rename looks for the folders of both names before it looks for either", () => {
    const place = new Tracked();
    const program = place.compile(
      "moves",
      `#include <stdio.h>
       int main(void) { return rename("none/from", "absent/to") == 0; }`,
    );
    expect(place.run(program!, [])).toEqual(contain("c none/from", "e none", "e absent/to", "e absent"));
  });

  test("reads in a folder whose path is too long to be told are marked unknown", () => {
    const place = new Tracked();
    const program = place.compile(
      "deep",
      `#include <fcntl.h>
       #include <stdio.h>
       #include <sys/stat.h>
       #include <unistd.h>
       int main(void) {
         char name[200];
         sprintf(name, "%0199d", 0);
         for (int i = 0; i < 25; i++) if (mkdir(name, 0700) != 0 || chdir(name) != 0) return 1;
         open("file", O_RDONLY);
         for (int i = 0; i < 25; i++) chdir(".."), rmdir(name);
         return 0;
       }`,
    );
    expect(place.run(program!, [])).toContain("u a path is too long");
  });

  test("errno is what the call made of it", () => {
    const place = new Tracked({ "folder/": "", link: { link: "folder" } });
    const program = place.compile(
      "errno",
      `#include <errno.h>
       #include <fcntl.h>
       #include <sys/stat.h>
       int main(void) {
         struct stat out;
         errno = 77;
         if (stat("link/../folder", &out) != 0 || errno != 77) return 1;
         if (open("new", O_CREAT | O_TRUNC | O_WRONLY, 0600) < 0 || errno != 77) return 2;
         if (open("link", O_CREAT | O_TRUNC | O_WRONLY, 0600) >= 0 || errno != EISDIR) return 3;
         return open("none/x", O_RDONLY) < 0 && errno == ENOENT ? 0 : 4;
       }`,
    );
    expect(place.run(program!, [])).toEqual(contain("c link", "s folder", "w new", "e folder", "c none/x"));
  });

  test.skipIf(!has("git"))("git's status and commit are followed", () => {
    const place = new Tracked({ "tracked.txt": "one", "new.txt": "" });
    const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" };
    const git = (...args: string[]) => spawnSync("git", args, { cwd: place.root, env });
    git("init", "-q");
    git("add", "tracked.txt");
    const identity = ["-c", "user.name=n", "-c", "user.email=e@x"];
    expect(place.run("git", ["status", "--porcelain"])).toEqual(
      contain("c .git/HEAD", "c .git/index", "s tracked.txt", "l ", "c .gitignore"),
    );
    const records = place.run("git", [...identity, "commit", "-qm", "first"]);
    expect(records).toEqual(contain("w .git/index.lock", "c .git/index", "e .git/index"));
    expect(records.filter((record) => record.startsWith("u"))).toEqual([]);
  });
});
