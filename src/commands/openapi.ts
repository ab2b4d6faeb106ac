import { writeDocument } from "../compose/program.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

/** Prints the document that a running EOM serves at `/openapi.json`. Needs no configuration and no database. */
export const openApiCommand: Command = {
  usage: "",
  about: "prints the OpenAPI document",
  async run(args) {
    if (args.length > 0) throw new UsageError("eom openapi accepts no words");
    process.stdout.write(writeDocument());
    return 0;
  },
};
