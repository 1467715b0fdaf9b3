#!/usr/bin/env node
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Files that may have to be open at once while modules load, with some to spare: 150 were enough, 128 were not. */
const ENOUGH_FILES = 200;

// Node tells of a limit reached in many ways, "module not found" among them, so the limit itself is tried.
function mayOpenEnough() {
  const own = fileURLToPath(import.meta.url);
  const opened = [];
  try {
    while (opened.length < ENOUGH_FILES) opened.push(openSync(own, "r"));
    return true;
  } catch {
    return false;
  } finally {
    for (const file of opened) closeSync(file);
  }
}

async function load() {
  try {
    return await import("../dist/main.js");
  } catch (error) {
    if (mayOpenEnough()) throw error;
    process.stderr.write(
      "error: This process may not open enough files at once. Raise the limit, for example with `ulimit -n 1024`.\n",
    );
    return process.exit(2);
  }
}

const { main } = await load();
await main();
