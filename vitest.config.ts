import { defineConfig } from "vitest/config";

// Tests run on the sources: every package exports them under this condition.
const conditions = ["@sheaf/source"];
// Property tests take their time when they are asked for many more cases.
const testTimeout = process.env.TEST_DEEP === undefined ? 60_000 : 3_600_000;
// To load the modules anew for each file takes longer than most of these tests.
const together = { isolate: false };
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  test: {
    reporters: ["default"],
    // All processors: nobody works beside a test run, and much of it waits for children.
    maxWorkers: "100%",
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          ...together,
          testTimeout,
          hookTimeout: 60_000,
        },
      },
      // The tests of the model client once more, with the next major version of it.
      {
        resolve: { conditions, alias: [{ find: /^openai$/, replacement: "openai-7" }] },
        ssr: { resolve: { conditions } },
        test: {
          name: "openai-7",
          include: ["packages/analyzer/src/{model-faults,llm/ask-model,llm/retry}.test.ts"],
          env: { TEST_OPENAI: "7" },
          ...together,
          testTimeout,
        },
      },
      {
        ...shared,
        test: {
          name: "tests",
          root: "tests",
          include: ["src/**/*.test.ts"],
          testTimeout,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
