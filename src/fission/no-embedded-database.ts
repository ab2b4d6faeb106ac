import type { openEmbeddedDatabase as real } from "../platform/database/embedded.ts";

/** Takes the place of the embedded database in the bundle: PGlite is larger than all the rest. */
export const openEmbeddedDatabase: typeof real = async () => {
  throw new Error("There is no embedded database in a function: set EOM_DATABASE_URL");
};
