import type { Program } from "../compose/program.ts";
import type { Config } from "../platform/config/config.ts";
import { createChange } from "../platform/resource/change.ts";

const actor = { subject: "eom start", onBehalfOf: null, requestId: null };

/**
 * Sees to it that somebody can get in: by EOM_ADMIN_TOKEN, or on an embedded database that has no token yet by a new one.
 *
 * @returns the new token, to be shown once; null when there was no need for one
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
