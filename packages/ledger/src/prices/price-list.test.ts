import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSheafError } from "@sheaf/core";
import { tempDir } from "@sheaf/testkit";
import { expect, it } from "vitest";
import { readPriceList } from "./price-list.ts";

function refusal(prices: unknown): { readonly option: string; readonly message: string } {
  try {
    readPriceList(prices as string);
  } catch (error) {
    if (isSheafError(error, "OPTION_INVALID"))
      return { option: error.details.option, message: error.message };
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(prices)}`);
}

it.each([
  ["prices", [], "an object of providers"],
  ["prices.lab", { lab: 1 }, "an object of models"],
  ["prices.lab.m", { lab: { m: 1 } }, "an object of prices"],
  ["prices.lab.m", { lab: { m: {} } }, "at least one of input, cachedInput"],
  ["prices.lab.m.inptu", { lab: { m: { inptu: 1 } } }, "one of input, cachedInput"],
  ["prices.lab.m.input", { lab: { m: { input: -1 } } }, "a number of USD for a million tokens, 0 or more"],
  ["prices.lab.m.input", { lab: { m: { input: "1" } } }, 'got "1"'],
  ["prices.lab.m.input", { lab: { m: { input: Number.NaN } } }, "a number of USD"],
  ["prices.lab.m.request", { lab: { m: { request: null } } }, "a number of USD for a call"],
  ["prices.lab.m.batch", { lab: { m: { input: 1, batch: 0.5 } } }, "an object of prices"],
  ["prices.lab.m.batch", { lab: { m: { input: 1, batch: {} } } }, "at least one of"],
  ["prices.lab.m.batch.flex", { lab: { m: { batch: { flex: {} } } } }, "one of input"],
  ["prices.lab.M", { lab: { m: { input: 1 }, M: { input: 2 } } }, "large and small letters are the same"],
])("a list with a bad %s is refused, which the message names: %j", (option, prices, expected) => {
  const { option: named, message } = refusal(prices);
  expect(named).toBe(option);
  expect(message).toContain(expected);
});

it("a list with nothing but other tiers is taken", () => {
  const { rates } = readPriceList({ lab: { m: { batch: { input: 1 } } } });
  expect([...rates.get("lab")!.get("m")!.keys()]).toEqual(["batch"]);
});

it("a file says the same as the object in it, and its path is part of what is refused", () => {
  using folder = tempDir();
  const path = join(folder.path, "prices.json");
  const list = { lab: { m: { input: 1 } } };
  writeFileSync(path, JSON.stringify(list));
  expect(readPriceList(path)).toEqual(readPriceList(list));
  writeFileSync(path, '{"lab": {"m": {"input": -1}}}');
  expect(refusal(path).message).toContain(`(in ${path})`);
  writeFileSync(path, "lab: 1");
  expect(refusal(path).message).toMatch(/the path of a JSON file.*Unexpected token/);
  expect(refusal(join(folder.path, "none.json")).message).toContain("ENOENT");
});
