import type { Registry } from "prom-client";
import type { AdmissionPolicy } from "../metering/admission/request.ts";
import { createMeteringMetrics } from "../metering/metrics.ts";
import { createMeteringService } from "../metering/service.ts";
import type { Config } from "../platform/config/config.ts";
import type { ProgramDatabase } from "./database.ts";

/** Requests that may wait in a lane: half a second of a busy database's work. */
const maxWaiting = 5000;

/** One lane for five connections of the pool: a lane under load takes more requests per statement rather than more connections. */
export function composeMetering(
  { db, kind }: ProgramDatabase,
  config: Config,
  policy: AdmissionPolicy,
  registry: Registry,
) {
  const metrics = createMeteringMetrics(registry);
  const lanes = kind === "embedded" ? 1 : Math.ceil(config.EOM_DATABASE_POOL / 5);
  return { metrics, service: createMeteringService({ db, policy, metrics, lanes, maxWaiting }) };
}
