import type { Registry } from "prom-client";
import type { AdmissionPolicy } from "../metering/admission-model.ts";
import { createMeteringMetrics } from "../metering/metrics.ts";
import { createMeteringService } from "../metering/service.ts";
import type { Config } from "../platform/config/config.ts";
import type { ProgramDatabase } from "./database.ts";

/** In each lane: half a second's worth of a busy database. */
const maxWaiting = 5000;

/** Of five connections, one is for statements that count, which take more of what waits instead of more connections. */
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
