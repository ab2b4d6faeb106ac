import { writeDocument } from "../compose/program.ts";

/** `eom openapi`: prints the document that a running EOM serves at `/openapi.json`. Needs no configuration and no database. */
export async function printOpenApi(): Promise<number> {
  process.stdout.write(writeDocument());
  return 0;
}
