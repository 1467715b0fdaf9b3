import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandInside } from "@sheaf/workdir";
import { describe, expect, test } from "vitest";
import { hostAs, placeOf, probeAs, users } from "./driven-host.ts";

const DRIVER = fileURLToPath(new URL("../fixtures/mount-host-driver.mjs", import.meta.url));
const { PATH } = process.env;

describe.each(users())("as $who", ({ uid, skip }) => {
  const as = uid === 0 ? "root" : "user";

  test.skipIf(skip)(
    "it is done for real, with and without the foreign function interface, and cleared away",
    () => {
      using place = placeOf(uid);
      expect(probeAs(uid, place.path, { env: { PATH } })).toEqual({ ok: true, how: "ffi", as });
      expect(probeAs(uid, place.path, { env: { PATH, SHEAF_NO_FFI: "1" } })).toEqual({
        ok: true,
        how: "mount",
        as,
      });
      expect(readdirSync(place.path)).toEqual([]);
    },
  );

  test.skipIf(skip).each(["XDG_CACHE_HOME", "HOME"])(
    "a good verdict is kept below %s and used again",
    (name) => {
      using place = placeOf(uid);
      place.write("folder", {});
      place.write("cache", {});
      const env = { [name]: place.at("cache") };
      const folder = place.at("folder");
      // Without a PATH nothing can be tried: what is known then was kept.
      expect(probeAs(uid, folder, { env: { ...env, PATH: "" } })).toMatchObject({ ok: false });
      const found = probeAs(uid, folder, { env: { ...env, PATH } });
      expect(found).toEqual({ ok: true, how: "ffi", as });
      expect(probeAs(uid, folder, { env: { ...env, PATH: "" } })).toEqual(found);
      expect(probeAs(uid, folder, { env: { ...env, PATH: "", SHEAF_NO_FFI: "1" } })).toMatchObject({
        ok: false,
      });
      const cache = name === "HOME" ? place.at("cache/.cache/sheaf") : place.at("cache/sheaf");
      const [file] = readdirSync(cache);
      const text = readFileSync(join(cache, file!), "utf8");
      expect(text).toContain(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
      expect(text).toContain(process.version);
      for (const stale of [text.replace(process.version, "v1.0.0"), "{", '{"how": "ffi"}']) {
        writeFileSync(join(cache, file!), stale);
        expect(probeAs(uid, folder, { env: { ...env, PATH: "" } })).toMatchObject({ ok: false });
      }
    },
  );

  test.skipIf(skip)("a cache that cannot be written, or none at all, does no harm", () => {
    using place = placeOf(uid);
    writeFileSync(place.at("file"), "");
    for (const env of [{ XDG_CACHE_HOME: place.at("file") }, { XDG_CACHE_HOME: "relative" }, {}]) {
      expect(probeAs(uid, place.path, { env: { ...env, PATH } })).toMatchObject({ ok: true });
    }
    expect(existsSync("/relative")).toBe(false);
  });

  test.skipIf(skip)("a missing program is named", () => {
    using place = placeOf(uid);
    place.write("bin", {});
    const missing = (...there: readonly string[]) => {
      for (const name of there) {
        const link = place.at("bin", name);
        if (!existsSync(link)) spawnSync("sh", ["-c", `ln -s "$(command -v ${name})" "${link}"`]);
      }
      return probeAs(uid, place.path, { env: { PATH: place.at("bin"), SHEAF_NO_FFI: "1" } });
    };
    const verdict = (name: string) => ({ ok: false, why: `\`${name}\` is not installed` });
    expect(missing()).toMatchObject({ ...verdict("unshare"), remedy: "install util-linux" });
    expect(missing("unshare")).toMatchObject(verdict("mount"));
    expect(missing("mount", "umount")).toMatchObject({ ...verdict("nsenter"), remedy: "install util-linux" });
    expect(missing("nsenter", "sh", "rm", "mkdir")).toMatchObject({ ok: true, how: "mount" });
    expect(readdirSync(place.path)).toEqual(["bin"]);
  });

  test.skipIf(skip)(
    "a folder on an overlay and one that cannot be written to are refused, with a remedy",
    async () => {
      using place = placeOf(uid);
      place.write("base", {});
      const request = place.view("t", ["base"]);
      await using host = await hostAs(uid);
      await host.mount(request);
      const options = JSON.stringify({ env: { PATH } });
      const probe = [process.execPath, DRIVER, "--probe", request.at, options];
      expect(JSON.parse(host.run(commandInside(host, "/", probe)).out)).toEqual({
        ok: false,
        why: "the folder lies on overlayfs",
        remedy: "choose a SHEAF_HOME on a local disk or in memory",
      });
      await host.unmount(request.at);
      expect(probeAs(uid, place.at("absent"), { env: { PATH } })).toMatchObject({
        ok: false,
        why: expect.stringContaining("cannot be used"),
      });
    },
  );
});

test("an ordinary user's missing rights are told from a folder that is there", () => {
  using place = placeOf(process.getuid?.() ?? 0);
  mkdirSync(place.at("closed"), { mode: 0o700 });
  if (process.getuid?.() !== 0) return;
  expect(probeAs(65_534, place.at("closed"), { env: { PATH } })).toMatchObject({
    ok: false,
    why: expect.stringContaining("EACCES"),
  });
});
