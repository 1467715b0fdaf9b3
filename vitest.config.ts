import { defineConfig } from "vitest/config";

// Tests run on the sources: every package exports them under this condition.
const conditions = ["@sheaf/source"];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  test: {
    reporters: ["default"],
    projects: [
      { ...shared, test: { name: "unit", include: ["packages/*/src/**/*.test.ts"] } },
      {
        ...shared,
        test: {
          name: "tests",
          root: "tests",
          include: ["src/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
