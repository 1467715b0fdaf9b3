import { expect, test } from "vitest";
import { layerFolders, overlayOptions } from "./overlay-options.ts";

const layers = { lower: ["/top", "/bottom"], upper: { folder: "/u", work: "/w" } };

test("folders are numbered from the topmost layer down, then upper and work", () => {
  expect(layerFolders(layers)).toEqual(["/top", "/bottom", "/u", "/w"]);
  const options = overlayOptions(layers, [20, 21, 22, 23], { root: true, kernel: "6.1.0" });
  expect(options.split(",")).toEqual([
    "lowerdir=/proc/self/fd/20:/proc/self/fd/21",
    "redirect_dir=nofollow",
    "metacopy=off",
    "upperdir=/proc/self/fd/22",
    "workdir=/proc/self/fd/23",
    "index=off",
    "volatile",
  ]);
});

test("a mount without an upper names layers alone", () => {
  const options = overlayOptions({ lower: ["/a", "/b"] }, [4, 5], { root: false });
  expect(options).toBe("lowerdir=/proc/self/fd/4:/proc/self/fd/5,userxattr");
});

test("the options of 64 layers with the longest descriptors fit into the page that the kernel reads", () => {
  const lower = Array.from({ length: 64 }, (_, i) => `/layer-${i}`);
  const open = Array.from({ length: 66 }, (_, i) => 1_000_000 + i);
  expect(overlayOptions({ ...layers, lower }, open, { root: true }).length).toBeLessThan(4_096);
});

test.each([
  { kernel: "5.9.16", has: false },
  { kernel: "5.10.0-8-amd64", has: true },
  { kernel: "4.18.0-553.el8", has: false },
  { kernel: "6.0.1", has: true },
])("kernel $kernel is asked for a volatile mount: $has", ({ kernel, has }) => {
  expect(overlayOptions(layers, [1, 2, 3, 4], { root: true, kernel }).includes("volatile")).toBe(has);
});
