import { parseArgs } from "node:util";
import { createTokenSchema } from "../access/model.ts";
import { composeProgram, type Program } from "../compose/program.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/log.ts";
import type { Role } from "../platform/resource/caller.ts";
import { createChange } from "../platform/resource/change.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

const usage = "create --role <role> --label <label> [--expires-at <time>] | list | revoke <id>";
const actor = { subject: "eom token", onBehalfOf: null, requestId: null };
const options = { role: { type: "string" }, label: { type: "string" }, "expires-at": { type: "string" } } as const;

/** Creates, lists and revokes tokens in the database itself, without a running EOM. */
export const tokenCommand: Command = {
  usage: "create|list|revoke …",
  about: "API tokens: role, label, expiry",
  async run(args, environment) {
    const { values, positionals } = parse(args);
    const [verb, id, ...rest] = positionals;
    const config = readConfig(environment);
    const log = createLogger({ level: "warn", format: "json" }, process.stderr);
    if (rest.length > 0 || !["create", "list", "revoke"].includes(verb ?? ""))
      throw new UsageError(`eom token ${usage}`);
    const program = await composeProgram(config, log);
    try {
      if (verb === "create") await create(program, values);
      else if (verb === "list") await list(program);
      else await revoke(program, id);
      return 0;
    } finally {
      await program.close();
    }
  },
};

interface Values {
  readonly role?: string | undefined;
  readonly label?: string | undefined;
  readonly "expires-at"?: string | undefined;
}

function parse(args: readonly string[]): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\neom token ${usage}`);
  }
}

async function create(program: Program, values: Values): Promise<void> {
  const given = {
    role: values.role as Role,
    label: values.label,
    ...(values["expires-at"] === undefined ? {} : { expires_at: values["expires-at"] }),
  };
  const input = createTokenSchema.safeParse(given);
  if (!input.success) {
    const problems = input.error.issues.map(
      (issue) => `  --${issue.path.join(".").replace("_", "-")} ${issue.message}`,
    );
    throw new UsageError(["The token cannot be created:", ...problems].join("\n"));
  }
  const created = await program.access.create(input.data, createChange(actor));
  console.log(JSON.stringify(created, null, 2));
}

async function list(program: Program): Promise<void> {
  for await (const token of program.access.listAll()) console.log(JSON.stringify(token));
}

async function revoke(program: Program, id: string | undefined): Promise<void> {
  if (id === undefined) throw new UsageError("eom token revoke needs the token's id; eom token list prints the ids");
  await program.access.revoke(id, createChange(actor));
  console.log(`revoked ${id}`);
}
