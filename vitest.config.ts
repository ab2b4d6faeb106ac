import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // One more than the two cores that it must pass on: many tests wait for time-outs and processes.
    maxWorkers: 3,
    // The programs that tests start are many; each compiles EOM's modules but for this.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/eom-compiled") },
    projects: [
      {
        test: {
          name: "fast",
          // Files of one worker share EOM's modules and their databases (test/support/database.ts): to load and start them anew
          // for each of a hundred files took a third of the time.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: ["test/parts/**", "test/dagster/**", "test/fission/**", "test/deploy/**"],
          globalSetup: ["test/support/postgres-server.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "dagster",
          include: ["test/dagster/**/*.test.ts"],
          globalSetup: ["test/support/postgres-server.ts"],
          // One Dagster at a time: each is four processes, and each of its runs one that takes seconds to start.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "parts",
          include: ["test/parts/**/*.test.ts", "test/fission/**/*.test.ts", "test/deploy/**/*.test.ts"],
          globalSetup: ["test/support/postgres-server.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
