import { expect, test } from "vitest";
import { pathInRoom, placeInRoom } from "./room-path.ts";

const room = { enter: ["enter"], dir: "/home/u/a b", behind: "/cache/behind" };

test.each([
  ["/home/u/a b/.sheaf/runs/r", "/cache/behind/.sheaf/runs/r"],
  ["/home/u/a b", "/cache/behind"],
  ["/home/u/a b2/x", "/home/u/a b2/x"],
  ["/home/u", "/home/u"],
  ["-r", "-r"],
])("what the view covers is reached behind it, and all else where it is: %s", (path, seen) => {
  expect(pathInRoom(room, path)).toBe(seen);
});

test("a process in a room works in the directory, one without where its view is", () => {
  const place = { view: "/home/u/a b/.sheaf/view", beside: "/home/u/a b/.sheaf/attempt-1" };
  expect(placeInRoom({ ...place, room })).toEqual({
    view: "/home/u/a b",
    beside: "/cache/behind/.sheaf/attempt-1",
  });
  expect(placeInRoom({ ...place, room: null })).toEqual(place);
  expect(placeInRoom({ view: null, beside: null, room })).toEqual({ view: null, beside: null });
});
