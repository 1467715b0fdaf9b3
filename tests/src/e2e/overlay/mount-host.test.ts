import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { canCopyUp, commandInside, type MountHost, type RoomRequest } from "@sheaf/workdir";
import { describe, expect, test } from "vitest";
import { hostAs, identity, placeOf, users } from "./driven-host.ts";

const DRIVER = fileURLToPath(new URL("../fixtures/mount-host-driver.mjs", import.meta.url));
const shell = (script: string): readonly string[] => ["sh", "-c", script];
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);

/** Returns the processes, of any namespace, that see a mount below a folder. */
function mountedBelow(folder: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(folder);
    } catch {
      return false; // ended
    }
  });
}

/** Returns the command that runs `argv` in a room, where the view is seen. */
async function inRoom(
  host: MountHost,
  room: RoomRequest,
  argv: readonly string[],
): Promise<readonly string[]> {
  return commandInside({ enter: await host.room(room) }, room.dir, argv);
}

const hostPid = (enter: readonly string[]): number => Number(enter[2]);

describe.each(users())("as $who", ({ uid, skip }) => {
  // Starts a command inside and waits until it has said its first word.
  const startInside = async (argv: readonly string[]) => {
    const [program, ...args] = argv as [string, ...string[]];
    const child = spawn(program, args, { ...identity(uid), stdio: ["pipe", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return child;
  };

  describe.skipIf(skip).each([{ ffi: true }, { ffi: false }])("with $ffi as ffi", ({ ffi }) => {
    test("a task sees and writes its view, and the outside sees only the upper", async () => {
      using place = placeOf(uid);
      place.write("base", { "d/a.txt": "base\n", "b.txt": "b\n" });
      place.write("layer", { "d/c.txt": "layer\n" });
      const request = place.view("t", ["layer", "base"]);
      await using host = await hostAs(uid, { ffi });
      expect(host.how).toBe(ffi ? "ffi" : "mount");
      await host.mount(request);
      const seen = host.run(
        commandInside(host, request.at, shell("cat d/a.txt d/c.txt; echo more >> d/a.txt; rm b.txt; pwd")),
      );
      expect(seen).toEqual({ status: 0, out: `base\nlayer\n${request.at}\n`, err: "" });
      expect(readdirSync(request.at)).toEqual([]);
      expect(readFileSync(place.at("base/d/a.txt"), "utf8")).toBe("base\n");
      expect(readFileSync(`${request.upper}/d/a.txt`, "utf8")).toBe("base\nmore\n");
      expect(lstatSync(`${request.upper}/b.txt`).isCharacterDevice()).toBe(true);
      expect(lstatSync(`${request.upper}/d/a.txt`).uid).toBe(uid);
      expect(await host.changes(request.at, request.upper)).toEqual([
        { path: "b.txt", kind: "gone" },
        { path: "d/a.txt", kind: "file" },
      ]);
      await host.unmount(request.at);
      expect(host.run(commandInside(host, request.at, ["ls"]))).toMatchObject({ status: 0, out: "" });
    });

    test("folders may have any name", async () => {
      using place = placeOf(uid);
      const odd = "a,b:c\\d\\,e\"f'g h\tü\n#,lowerdir=x";
      place.write(`${odd} 1`, { one: "1" });
      place.write(`${odd} 2\\`, { two: "2" });
      const request = place.view(`${odd} view,`, [`${odd} 1`, `${odd} 2\\`]);
      await using host = await hostAs(uid, { ffi });
      await host.mount(request);
      const { out } = host.run(commandInside(host, request.at, shell("ls; echo 3 > three; rm one")));
      expect(out).toBe("one\ntwo\n");
      expect(readdirSync(request.upper).sort()).toEqual(["one", "three"]);
      expect(await host.changes(request.at, request.upper)).toEqual([
        { path: "one", kind: "gone" },
        { path: "three", kind: "file" },
      ]);
      await host.unmount(request.at);
    });

    test("64 layers with long paths are stacked, topmost first; 65 and none are refused", async () => {
      using place = placeOf(uid);
      const layers = Array.from({ length: 65 }, (_, i) => `${"x".repeat(200)}/layer-${i}`);
      for (const [i, layer] of layers.entries()) {
        place.write(layer, { top: `${i}`, [`own-${i}`]: `${i}`, "dir/": "", [`dir/${i}`]: "" });
      }
      await using host = await hostAs(uid, { ffi });
      const request = place.view("t", layers.slice(0, 64));
      await host.mount(request);
      const { out } = host.run(
        commandInside(host, request.at, shell("cat top own-63; ls | wc -l; rm -r dir own-63")),
      );
      expect(out).toBe("06366\n");
      expect(await host.changes(request.at, request.upper)).toEqual(
        expect.arrayContaining([
          { path: "dir", kind: "gone" },
          { path: "own-63", kind: "gone" },
        ]),
      );
      await host.unmount(request.at);
      for (const many of [layers, []]) {
        await expect(host.mount(place.view("u", many))).rejects.toMatchObject({
          code: "MOUNT_FAILED",
          message: expect.stringContaining(`1 to 64 lower layers, got ${many.length}`),
        });
      }
    });

    test("50 views at once keep apart", async () => {
      using place = placeOf(uid);
      place.write("base", { counter: "0" });
      await using host = await hostAs(uid, { ffi });
      const requests = Array.from({ length: 50 }, (_, i) => place.view(`t${i}`, ["base"]));
      await Promise.all(requests.map((request) => host.mount(request)));
      const script = 'i=0; for view in "$@"; do i=$((i + 1)); echo $i > "$view/counter"; done';
      host.run(commandInside(host, "/", ["sh", "-c", script, "sh", ...requests.map(({ at }) => at)]));
      await Promise.all(requests.map(({ at }) => host.unmount(at)));
      const written = requests.map(({ upper }) => readFileSync(`${upper}/counter`, "utf8").trim());
      expect(written).toEqual(requests.map((_, i) => `${i + 1}`));
      expect(readFileSync(place.at("base/counter"), "utf8")).toBe("0");
    });

    test.each([
      { what: "works in it", script: "echo on; read _" },
      { what: "has something open in it", script: "exec 5< file; cd /; echo on; read _" },
    ])("a view is not unmounted while a process $what, which is named", async ({ what, script }) => {
      using place = placeOf(uid);
      place.write("base", { file: "" });
      const request = place.view("t", ["base"]);
      await using host = await hostAs(uid, { ffi });
      await host.mount(request);
      const child = await startInside(commandInside(host, request.at, shell(script)));
      await expect(host.unmount(request.at)).rejects.toMatchObject({
        code: "MOUNT_BUSY",
        details: { at: request.at, holders: [`process ${child.pid} (sh) ${what}`] },
      });
      const { out } = host.run(commandInside(host, request.at, ["ls"]));
      expect(out).toBe("file\n");
      child.stdin.end();
      await once(child, "exit");
      await host.unmount(request.at);
    });

    test("what stands wrong is said, and the next mount works", async () => {
      using place = placeOf(uid);
      place.write("base", { file: "" });
      const request = place.view("t", ["base"]);
      await using host = await hostAs(uid, { ffi });
      const refused = (problem: string) => ({
        code: "MOUNT_FAILED",
        message: expect.stringContaining(problem),
      });
      await expect(host.mount({ ...request, lower: [place.at("absent")] })).rejects.toMatchObject(
        refused("absent"),
      );
      await expect(host.mount({ ...request, lower: [place.at("base/file")] })).rejects.toMatchObject(
        refused("file"),
      );
      await expect(host.unmount(request.at)).rejects.toMatchObject(refused("nothing is mounted"));
      await host.mount(request);
      const other = place.view("u", ["base"]);
      await expect(host.mount({ ...other, upper: request.upper })).rejects.toMatchObject(
        refused("is in use"),
      );
      await expect(host.mount({ ...other, work: request.work })).rejects.toMatchObject(refused("is in use"));
      await expect(host.mount({ ...other, at: request.at })).rejects.toMatchObject(refused("is in use"));
      await host.mount(other);
      await host.unmount(other.at);
      await host.unmount(request.at);
      await host.mount(request);
    });
  });

  test.skipIf(skip)("SHEAF_NO_FFI=1 leaves the foreign function interface out", async () => {
    await using host = await hostAs(uid, { env: { ...process.env, SHEAF_NO_FFI: "1" } });
    expect(host.how).toBe("mount");
  });

  test.skipIf(skip)(
    "a Node program with a message channel can be started inside and write there",
    async () => {
      using place = placeOf(uid);
      place.write("base", { a: "1" });
      const request = place.view("t", ["base"]);
      await using host = await hostAs(uid);
      await host.mount(request);
      const program = `process.on("message", async (path) => {
      const { readFile, writeFile } = await import("node:fs/promises");
      await writeFile(path + "/b", (await readFile(path + "/a", "utf8")) + "2");
      process.send("written", () => process.exit());
    })`;
      const [first, ...rest] = host.enter;
      const enter = [...rest, process.execPath, "-e", program];
      const worker = spawn(first!, enter, {
        ...identity(uid),
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      const exit = once(worker, "exit");
      worker.send(request.at);
      expect((await once(worker, "message"))[0]).toBe("written");
      expect(await exit).toEqual([0, null]);
      expect(readFileSync(`${request.upper}/b`, "utf8")).toBe("12");
      await host.unmount(request.at);
    },
  );

  test.skipIf(skip).each([{ ffi: true }, { ffi: false }])(
    "tasks see their views at one path at once, and the outside sees what was there, with $ffi as ffi",
    async ({ ffi }) => {
      using place = placeOf(uid);
      place.write("shared dir", { "data/x": "live\n" });
      place.write("base", { "data/x": "base\n", "tool.sh": { text: "cat data/x", mode: 0o755 } });
      await using host = await hostAs(uid, { ffi });
      const dir = place.at("shared dir");
      const requests = [place.view("t1", ["base"]), place.view("t2", ["base"])];
      for (const request of requests) await host.mount(request);
      // Each waits for the other to have written before it looks, by an absolute path that only its view has.
      const script = `pwd; echo "$1" >> "$2/data/x"; echo on; read _; sh "$2/tool.sh"`;
      const children = [];
      for (const [i, request] of requests.entries()) {
        const argv = ["sh", "-c", script, "sh", `task ${i}`, dir];
        children.push(await startInside(await inRoom(host, { at: request.at, dir, frozen: [] }, argv)));
      }
      expect(readdirSync(dir)).toEqual(["data"]);
      for (const [i, child] of children.entries()) {
        child.stdin.end();
        const said = (await child.stdout.toArray()).join("");
        expect(said.endsWith(`base\ntask ${i}\n`)).toBe(true);
        await expect.poll(() => child.exitCode).toBe(0);
        // Whoever is still in another room has none of it.
        await host.unmount(requests[i]!.at);
      }
      expect(readFileSync(`${dir}/data/x`, "utf8")).toBe("live\n");
      expect(readFileSync(`${requests[1]!.upper}/data/x`, "utf8")).toBe("base\ntask 1\n");
    },
  );

  test.skipIf(skip)("a view is not unmounted while a process has it in a namespace of its own", async () => {
    using place = placeOf(uid);
    place.write("base", { a: "" });
    place.write("dir", {});
    const request = place.view("t", ["base"]);
    await using host = await hostAs(uid);
    await host.mount(request);
    const room = { at: request.at, dir: place.at("dir"), frozen: [] };
    const command = await inRoom(host, room, shell("echo on; read _; echo late > late"));
    const child = await startInside(command);
    await expect(host.unmount(request.at)).rejects.toMatchObject({
      code: "MOUNT_BUSY",
      details: { holders: [`process ${child.pid} (sh) has a private copy of it`] },
    });
    child.stdin.end();
    await once(child, "exit");
    expect(await host.changes(request.at, request.upper)).toEqual([{ path: "late", kind: "file" }]);
    await host.unmount(request.at);
  });

  test.skipIf(skip)(
    "when the host is killed, calls say so, and what was written can be read and removed",
    async () => {
      using place = placeOf(uid);
      place.write("base", { a: "" });
      const request = place.view("t", ["base"]);
      await using host = await hostAs(uid);
      await host.mount(request);
      host.run(commandInside(host, request.at, shell("echo kept > b")));
      process.kill(hostPid(host.enter), "SIGKILL");
      await expect(host.unmount(request.at)).rejects.toMatchObject({ code: "MOUNT_HOST_LOST" });
      await expect(host.mount(request)).rejects.toMatchObject({ code: "MOUNT_HOST_LOST" });
      expect(readFileSync(`${request.upper}/b`, "utf8")).toBe("kept\n");
      expect(host.run(["rm", "-r", request.work, request.upper])).toEqual({ status: 0, out: "", err: "" });
      await host.close();
    },
  );

  test.skipIf(skip)("folders of a mount whose host was killed can be mounted again", async () => {
    using place = placeOf(uid);
    place.write("base", { a: "" });
    const request = place.view("t", ["base"]);
    await using first = await hostAs(uid);
    await first.mount(request);
    first.run(commandInside(first, request.at, shell("rm a; echo kept > b")));
    process.kill(hostPid(first.enter), "SIGKILL");
    await expect.poll(() => isAlive(hostPid(first.enter))).toBe(false);
    await using second = await hostAs(uid);
    await second.mount(request);
    expect(second.run(commandInside(second, request.at, ["ls"])).out).toBe("b\n");
  });

  test.skipIf(skip).each([
    { how: "killed", end: "kill" },
    { how: "closed", end: "close" },
  ])("an engine that is $how leaves no process and no mount", async ({ end }) => {
    using place = placeOf(uid);
    place.write("base", { a: "" });
    place.write("dir", {});
    const request = place.view("t", ["base"]);
    await using host = await hostAs(uid);
    await host.mount(request);
    const deaf = shell("trap '' TERM HUP INT; echo on; while :; do sleep 1000; done");
    const inside = [
      await startInside(commandInside(host, request.at, deaf)),
      await startInside(await inRoom(host, { at: request.at, dir: place.at("dir"), frozen: [] }, deaf)),
    ];
    const gone = inside.map((child) => once(child, "exit"));
    if (end === "kill") host.engine.kill("SIGKILL");
    else await host.close();
    for (const exit of gone) expect(await exit).toEqual([null, "SIGKILL"]);
    await expect.poll(() => mountedBelow(place.path)).toEqual([]);
    expect(isAlive(hostPid(host.enter))).toBe(false);
    rmSync(place.at("t"), { recursive: true });
  });

  test.skipIf(skip)("a program that forgets its host still ends", () => {
    const ended = spawnSync(process.execPath, [DRIVER, "--forget"], {
      ...identity(uid),
      cwd: "/",
      timeout: 20_000,
    });
    expect(ended).toMatchObject({ status: 0, signal: null });
  });

  test.skipIf(skip)("a file that cannot be copied up is told by its owner", async () => {
    using place = placeOf(uid);
    place.write("base", { own: "own\n", strange: "strange\n", "folder/": "" });
    if (process.getuid?.() === 0)
      for (const name of ["strange", "folder"]) chownSync(place.at("base", name), 12_345, 12_345);
    const request = place.view("t", ["base"]);
    await using host = await hostAs(uid);
    await host.mount(request);
    const said = host.run(
      commandInside(
        host,
        request.at,
        shell("cat strange; for f in own strange folder/new; do echo x >> $f || echo no $f; done"),
      ),
    );
    const ownsAll = uid === 0 || process.getuid?.() !== 0;
    expect(said.out).toBe(ownsAll ? "strange\n" : "strange\nno strange\nno folder/new\n");
    await host.unmount(request.at);
  });
});

test("an ordinary user can copy up own files alone, root every file", () => {
  const own = { uid: process.geteuid!(), gid: process.getegid!() };
  expect(canCopyUp(own)).toBe(true);
  expect(canCopyUp({ ...own, uid: own.uid + 1 })).toBe(own.uid === 0);
  expect(canCopyUp({ ...own, gid: own.gid + 1 })).toBe(own.uid === 0);
});
