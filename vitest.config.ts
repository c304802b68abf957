import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    // commands are printed as where rl was started through npx, however the tests were
    env: { npm_command: "exec" },
    globalSetup: "test/gpu/softwareAdapter.ts",
    // one process a file: the engine is module-level, one a thread
    pool: "forks",
    // two on two cores as well: tests wait for processes and pages about as much as they compute
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
