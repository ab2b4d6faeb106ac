import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { partTestTimeout, patience, testTimeout } from "./test/support/time-limits.ts";

/** The suites of HTTP that hold for every entry, and choose no database by themselves. */
const contractSuites = [
  "test/contract/*.test.ts",
  "test/access/roles.test.ts",
  "test/platform/http/{conditions,parameters,request-context}.test.ts",
];

/**
 * Those that run on both databases as they are. Left out with the functions are suites of paths that none serves (probes,
 * metrics, pages), of sockets and streams, which belong to Fission there, of the gateway, which functions refuse, and of the
 * scheduler with a clock of their own, which no function has.
 */
const roomSuites = [
  "test/overview/*.test.ts",
  "test/storages/{credentials,listing,resource-options,storages}.test.ts",
  "test/access/{token-use,tokens}.test.ts",
  "test/notifications/webhooks.test.ts",
  "test/{metering,quotas}/**/{metering,quotas,reconcile,user-quotas,users-list}.test.ts",
  "test/platform/idempotency.test.ts",
  "test/scheduler/entries.test.ts",
];

/** Time limits only end a hang, so they are generous: no test may fail because its machine is slow or busy. */
const limits = { testTimeout, hookTimeout: 2 * testTimeout, expect: { poll: patience } };

const partLimits = { ...limits, testTimeout: partTestTimeout, hookTimeout: partTestTimeout };

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
          // Files of one worker share EOM's modules and their databases (test/support/database/database.ts): to load and start them anew
          // for each of a hundred files took a third of the time.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: ["test/parts/**", "test/dagster/**", "test/fission/**", "test/deploy/**", "test/docs/walk.test.ts"],
          globalSetup: ["test/support/database/postgres-server.ts"],
          provide: { entry: "server" },
          ...limits,
        },
      },
      {
        test: {
          name: "embedded",
          include: contractSuites,
          isolate: false,
          globalSetup: ["test/support/database/postgres-server.ts"],
          provide: { entry: "embedded" },
          ...limits,
        },
      },
      {
        test: {
          name: "fission",
          include: [...contractSuites, ...roomSuites],
          isolate: false,
          globalSetup: ["test/support/database/postgres-server.ts"],
          provide: { entry: "fission" },
          ...limits,
        },
      },
      {
        test: {
          name: "dagster",
          include: ["test/dagster/**/*.test.ts"],
          globalSetup: ["test/support/database/postgres-server.ts"],
          provide: { entry: "server" },
          // One Dagster at a time: each is four processes, and each of its runs one that takes seconds to start.
          fileParallelism: false,
          ...partLimits,
        },
      },
      {
        test: {
          name: "parts",
          include: [
            "test/parts/**/*.test.ts",
            "test/fission/**/*.test.ts",
            "test/deploy/**/*.test.ts",
            "test/docs/walk.test.ts",
          ],
          globalSetup: ["test/support/database/postgres-server.ts"],
          provide: { entry: "server" },
          ...partLimits,
        },
      },
    ],
  },
});
