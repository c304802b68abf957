import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    globalSetup: "test/gpu/softwareAdapter.ts",
    // one process a file: the engine is module-level, one a thread
    pool: "forks",
  },
});
