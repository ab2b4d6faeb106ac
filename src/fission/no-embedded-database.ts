import type { openEmbeddedDatabase as real } from "../platform/database/embedded.ts";

/**
 * Replaces platform/database/embedded.ts in the bundle: PGlite is larger than everything else in it.
 *
 * @throws Error always
 */
export const openEmbeddedDatabase: typeof real = async () => {
  throw new Error("A function has no embedded database: set EOM_DATABASE_URL");
};
