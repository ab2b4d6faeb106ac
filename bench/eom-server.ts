import { composeProgram } from "../src/compose/program.ts";
import { readConfig } from "../src/platform/config/config.ts";
import { connectionLimits, startHttpServer } from "../src/platform/http/server.ts";
import { createLogger } from "../src/platform/log.ts";
import { readEnvironment, serveParent } from "./child.ts";

// EOM's API as `eom api` runs it: authentication by token, validation, metrics, and a JSON log line a request on standard
// output, which the parent has pointed at the null device.
const log = createLogger({ level: "info", format: "json" });
const program = await composeProgram(readConfig(process.env, []), log);
await program.access.fixAdminToken(readEnvironment("BENCH_TOKEN"));
const server = await startHttpServer(program.app, "127.0.0.1", 0, connectionLimits);
const close = async () => {
  await server.stop(1_000);
  await program.close();
};
serveParent({ url: server.url, close });
