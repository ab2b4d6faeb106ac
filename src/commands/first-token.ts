import type { Program } from "../compose/program.ts";
import type { Config } from "../platform/config/config.ts";
import { createChange } from "../platform/resource/change.ts";

const actor = { subject: "eom start", onBehalfOf: null, requestId: null };

/** Lets an administrator log in with EOM_ADMIN_TOKEN, if it is set. */
export async function fixAdminToken({ access }: Program, config: Config): Promise<void> {
  if (config.EOM_AUTH !== "none" && config.EOM_ADMIN_TOKEN !== null) await access.fixAdminToken(config.EOM_ADMIN_TOKEN);
}

/**
 * Creates a token for the administrator of an embedded database that has no token yet. Call it when nothing can fail before the token
 * is shown. With PostgreSQL, `eom token create` makes the first token.
 *
 * @returns the new token, to be shown once; null if none was made
 */
export async function createFirstToken({ access, database }: Program, config: Config): Promise<string | null> {
  if (config.EOM_AUTH === "none" || config.EOM_ADMIN_TOKEN !== null) return null;
  if (database.kind !== "embedded" || (await access.hasTokens())) return null;
  const created = await access.create({ label: "admin", role: "admin", expires_at: null }, createChange(actor));
  return created.token;
}
