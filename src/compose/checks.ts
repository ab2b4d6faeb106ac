import { checkIssuer } from "../access/issuer-documents.ts";
import type { Check } from "../doctor/checks.ts";
import { createClockCheck } from "../doctor/clock-check.ts";
import { createFolderCheck } from "../doctor/data-folder.ts";
import {
  createConnectionsCheck,
  createDatabaseCheck,
  createRightsCheck,
  createSchemaCheck,
  createSettingsCheck,
} from "../doctor/database-checks.ts";
import { createTimeZonesCheck } from "../doctor/time-zones-check.ts";
import { checkInTime } from "../engines/check-in-time.ts";
import type { Engines } from "../engines/registry.ts";
import type { ComparedClock } from "../platform/clock.ts";
import type { Config } from "../platform/config/config.ts";
import type { Database } from "../platform/database/tables.ts";
import { findWrongClocks } from "../platform/worker/clock-reports.ts";
import { findOverdueSeconds } from "../scheduler/scan/overdue.ts";
import { listMissingEngines } from "../schedules/missing-engines.ts";
import type { SecretStore } from "../secrets/store.ts";
import { allowsLoopback } from "./egress.ts";

interface CheckNeeds {
  readonly db: Database;
  readonly clock: ComparedClock;
  readonly config: Config;
  readonly secrets: SecretStore;
  readonly engines: Engines;
}

/** Checks that query the database, in the order in which doctor prints them. */
export function listDatabaseChecks({ db, clock, config, secrets, engines }: CheckNeeds): Check[] {
  return [
    createDatabaseCheck(db),
    createSchemaCheck(db),
    createClockCheck(clock, () => findWrongClocks(db, clock.now())),
    createTimeZonesCheck(db, clock),
    config.EOM_DATABASE_URL === null
      ? createFolderCheck(config.EOM_DATA_DIR)
      : createConnectionsCheck(db, config.EOM_DATABASE_POOL),
    ...(config.EOM_DATABASE_URL === null ? [] : [createRightsCheck(db), createSettingsCheck(db)]),
    ...(secrets.kind === "embedded" ? [createSecretsCheck(secrets)] : []),
    { name: "engines of schedules", run: () => checkNamedEngines(db, engines) },
    { name: "workers", run: () => checkScan(db) },
  ];
}

/** Checks that need no database. */
export function listOwnChecks({
  config,
  secrets,
  engines,
}: Pick<CheckNeeds, "config" | "secrets" | "engines">): Check[] {
  return [
    ...(config.EOM_AUTH === "oidc"
      ? [{ name: "identity provider", run: () => checkIssuer(config.EOM_OIDC_ISSUER ?? "") }]
      : []),
    ...(secrets.kind === "embedded" ? [] : [createSecretsCheck(secrets)]),
    ...engines.all.map((engine) => ({
      name: `engine ${engine.name}`,
      run: async () => {
        const { state, detail } = await checkInTime(engine);
        return orThrow(state === "ok" ? null : detail, detail);
      },
    })),
    {
      name: "egress",
      run: async () =>
        allowsLoopback(config) ? "public addresses, and loopback" : "public addresses, and what EOM_EGRESS_ALLOW names",
    },
  ];
}

function createSecretsCheck(secrets: SecretStore): Check {
  return { name: "secret store", run: async () => orThrow(await secrets.check(), secrets.kind) };
}

async function checkNamedEngines(db: Database, engines: Engines): Promise<string> {
  const missing = await listMissingEngines(db, engines);
  const problem = `Enabled schedules name ${missing.join(", ")}, which this deployment does not have: configure it, or let them name another.`;
  return orThrow(missing.length === 0 ? null : problem, "all there");
}

/** Longer than a scan with much to do, or the replacement of a process, takes. */
const overdueSeconds = 60;

async function checkScan(db: Database): Promise<string> {
  const seconds = await findOverdueSeconds(db);
  const problem = `A slot is due for ${Math.round(seconds)} s: no worker scans, or none keeps up. See that "eom start" or "eom worker" runs on this database, and what it logs.`;
  return orThrow(seconds > overdueSeconds ? problem : null, "no slot waits to be opened");
}

function orThrow(problem: string | null, remark: string): string {
  if (problem !== null) throw new Error(problem);
  return remark;
}
