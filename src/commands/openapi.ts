import { listRoutes } from "../compose/program.ts";
import { createOpenApiDocument } from "../platform/http/openapi.ts";
import { version } from "../version.ts";

/** `eom openapi`: prints the document that a running EOM serves at `/openapi.json`. Needs no configuration and no database. */
export async function printOpenApi(): Promise<number> {
  console.log(JSON.stringify(createOpenApiDocument(listRoutes(), version), null, 2));
  return 0;
}
