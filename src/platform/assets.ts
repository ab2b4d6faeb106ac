import { existsSync } from "node:fs";

/**
 * Files of npm packages that EOM reads, by their paths in node_modules. EOM's package has copies (scripts/build-package.ts) and depends on
 * neither of these packages: one is large and has telemetry, the other demands another version of PGlite (decision 27).
 */
export const assetPaths = [
  "@electric-sql/pglite-prepopulatedfs/dist/prepopulatedfs.tgz",
  "swagger-ui-dist/swagger-ui.css",
  "swagger-ui-dist/swagger-ui-bundle.js",
] as const;

/** In EOM's package only. */
const copies = new URL("../../assets/", import.meta.url);
const folder = existsSync(copies) ? copies : new URL("../../node_modules/", import.meta.url);

/** The place of an asset, in the package or in the checkout. */
export function toAssetUrl(path: (typeof assetPaths)[number]): URL {
  return new URL(path, folder);
}
