import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AttemptRequest } from "@sheaf/core";
import { tempDir } from "@sheaf/testkit";
import { expect, test } from "vitest";
import { watchPrograms } from "./watch-programs.ts";

test.each([
  ["", null],
  [":", 'The tracker cannot watch a work directory with ":" in its path.'],
])('a work directory below a folder "a%s" is watched, or it is said why not', (end, incomplete) => {
  using place = tempDir();
  const [view, beside] = [join(place.path, `a${end}`, "view"), join(place.path, "beside")];
  for (const folder of [view, beside]) mkdirSync(folder, { recursive: true });
  const request = { shim: "/track.so", place: { view, beside, room: null } };
  expect(watchPrograms(request as unknown as AttemptRequest).observed(false)).toEqual({
    observations: [],
    incomplete,
  });
});
