import type { Program } from "../compose/program.ts";
import type { Config } from "../platform/config/config.ts";
import { createChange } from "../platform/resource/change.ts";

const actor = { subject: "eom start", onBehalfOf: null, requestId: null };

/**
 * Makes sure that an administrator can log in: with EOM_ADMIN_TOKEN if it is set, else with a new token if the database is
 * embedded and has no token yet. With PostgreSQL, `eom token create` makes the first token.
 *
 * @returns the new token, to be shown once; null if none was made
 */
export async function prepareAdminToken({ access, database }: Program, config: Config): Promise<string | null> {
  if (config.EOM_AUTH === "none") return null;
  if (config.EOM_ADMIN_TOKEN !== null) {
    await access.fixAdminToken(config.EOM_ADMIN_TOKEN);
    return null;
  }
  if (database.kind !== "embedded" || (await access.hasTokens())) return null;
  const created = await access.create({ label: "admin", role: "admin", expires_at: null }, createChange(actor));
  return created.token;
}
