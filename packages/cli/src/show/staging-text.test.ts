import { expect, it } from "vitest";
import { stagingText } from "./staging-text.ts";

it("says what there is and what each task gets of it", () => {
  expect(stagingText({ files: 0, rung: "copy" })).toBe(
    "no files in the directory yet; each task works on copies in a folder of its own",
  );
  expect(stagingText({ files: 1, rung: "hardlink" })).toBe(
    "1 file in the directory; each task works in a folder of its own, with links to private copies of what it only reads",
  );
});
