import type { CallFinished, CallStarted } from "@sheaf/ledger";
import { describe, expect, it } from "vitest";
import { CallsUnderWay } from "./calls-under-way.ts";

const start = (call: number, model: string | null, provider: string) =>
  ({ call, model, provider }) as CallStarted;
const end = (call: number) => ({ call }) as CallFinished;

describe("CallsUnderWay", () => {
  it("knows who is paid for a model that is being asked, or for a snapshot of it", () => {
    const open = new CallsUnderWay();
    open.started(start(1, "gpt-4o", "openai"));
    open.started(start(2, "gpt-4o", "openai"));
    open.started(start(3, null, "127.0.0.1:80"));
    expect(open.providerOf("gpt-4o")).toBe("openai");
    expect(open.providerOf("gpt-4o-2024-08-06")).toBe("openai");
    expect(open.providerOf("gpt-4o-mini")).toBeNull();
    expect(open.providerOf("gpt-4")).toBeNull();
  });

  it("knows nothing once the call is over, or where two may be paid", () => {
    const open = new CallsUnderWay();
    open.started(start(1, "m", "openai"));
    open.started(start(2, "m", "127.0.0.1:80"));
    expect(open.providerOf("m")).toBeNull();
    open.finished(end(1));
    expect(open.providerOf("m")).toBe("127.0.0.1:80");
    open.finished(end(2));
    expect(open.providerOf("m")).toBeNull();
  });
});
