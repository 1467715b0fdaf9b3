import { SheafError } from "@sheaf/core";
import { expect, test } from "vitest";
import { whyNoMount, whyNoNamespace } from "./probe-reasons.ts";

const refused = new SheafError("MOUNT_HOST_LOST", { how: "unshare failed: Operation not permitted" });
const settings = (known: Record<string, string>) => (path: string) => known[path];

test.each([
  {
    path: "kernel/unprivileged_userns_clone",
    value: "0",
    remedy: "sysctl kernel.unprivileged_userns_clone=1",
  },
  { path: "user/max_user_namespaces", value: "0", remedy: "sysctl user.max_user_namespaces=10000" },
  {
    path: "kernel/apparmor_restrict_unprivileged_userns",
    value: "1",
    remedy: "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile that allows them",
  },
])("the switch $path is named when it is the reason", ({ path, value, remedy }) => {
  const why = "unprivileged user namespaces are switched off";
  expect(whyNoNamespace(refused, false, settings({ [path]: value }))).toEqual({ ok: false, why, remedy });
  const other = whyNoNamespace(refused, false, settings({ [path]: value === "0" ? "1" : "0" }));
  expect(other.why).toContain("Operation not permitted");
});

test("switches for users do not explain what root may not do", () => {
  const verdict = whyNoNamespace(refused, true, settings({ "user/max_user_namespaces": "0" }));
  expect(verdict.why).toContain("root may not");
  expect(verdict.remedy).toContain("--cap-add SYS_ADMIN");
});

test("an `unshare` that does not know an option is too old", () => {
  const error = new SheafError("MOUNT_HOST_LOST", { how: "unshare: unrecognized option '--kill-child'" });
  expect(whyNoNamespace(error, false).why).toBe("`unshare` is too old");
});

const failed = (errno: string | null, problem: string) =>
  new SheafError("MOUNT_FAILED", { at: "/view", problem, errno });

test.each([
  { errno: "ENODEV", problem: "mount(2) said ENODEV" },
  { errno: null, problem: "mount: /view: unknown filesystem type 'overlay'." },
])("a kernel without overlayfs is told by mount(2) and by `mount`: $problem", ({ errno, problem }) => {
  expect(whyNoMount(failed(errno, problem), "/", true)).toMatchObject({ remedy: "modprobe overlay" });
});

test("what is not known is quoted", () => {
  expect(whyNoMount(failed("EPERM", "mount(2) said EPERM"), "/", true).why).toContain("mount(2) said EPERM");
});
