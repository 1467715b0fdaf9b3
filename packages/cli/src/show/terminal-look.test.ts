import { describe, expect, it } from "vitest";
import { type OutputStream, terminalLook, widthOf } from "./terminal-look.ts";

const stream = (isTTY: boolean, columns?: number): OutputStream =>
  ({ isTTY, ...(columns === undefined ? {} : { columns }) }) as OutputStream;

describe("terminalLook", () => {
  it("gives a terminal colour and repainting, and a pipe neither", () => {
    expect(terminalLook(stream(true), {})).toEqual({ color: true, repaints: true });
    expect(terminalLook(stream(false), {})).toEqual({ color: false, repaints: false });
  });

  it("does not repaint in CI or on a dumb terminal", () => {
    expect(terminalLook(stream(true), { CI: "true" })).toEqual({ color: true, repaints: false });
    expect(terminalLook(stream(true), { TERM: "dumb" })).toEqual({ color: false, repaints: false });
    expect(terminalLook(stream(true), { CI: "false" }).repaints).toBe(true);
  });

  it("respects NO_COLOR and FORCE_COLOR, and NO_COLOR wins", () => {
    expect(terminalLook(stream(true), { NO_COLOR: "1" }).color).toBe(false);
    expect(terminalLook(stream(true), { NO_COLOR: "" }).color).toBe(true);
    expect(terminalLook(stream(false), { FORCE_COLOR: "1" }).color).toBe(true);
    expect(terminalLook(stream(true), { FORCE_COLOR: "0" }).color).toBe(false);
    expect(terminalLook(stream(true), { NO_COLOR: "1", FORCE_COLOR: "1" }).color).toBe(false);
  });
});

describe("widthOf", () => {
  it("falls back where a stream has no columns, or says 0", () => {
    expect([stream(true, 50), stream(true, 0), stream(false)].map((each) => widthOf(each))).toEqual([
      50, 100, 100,
    ]);
  });
});
