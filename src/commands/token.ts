import { createTokenSchema } from "../access/model.ts";
import { composeProgram, type Program } from "../compose/program.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/log.ts";
import type { Role } from "../platform/resource/caller.ts";
import { createChange } from "../platform/resource/change.ts";
import { UsageError } from "./usage.ts";

const actor = { subject: "eom token", onBehalfOf: null, requestId: null };

/** The words of `eom token create`. */
export interface TokenOptions {
  readonly role: string;
  readonly label: string;
  readonly expiresAt?: string | undefined;
}

/**
 * `eom token create`: in the database itself, without a running EOM. Prints the token, once.
 *
 * @throws UsageError when an option is not valid
 */
export function createToken(environment: NodeJS.ProcessEnv, options: TokenOptions): Promise<number> {
  return withProgram(environment, (program) => create(program, options));
}

/** `eom token list`. */
export function listTokens(environment: NodeJS.ProcessEnv): Promise<number> {
  return withProgram(environment, list);
}

/** `eom token revoke`. */
export function revokeToken(environment: NodeJS.ProcessEnv, id: string): Promise<number> {
  return withProgram(environment, (program) => revoke(program, id));
}

async function withProgram(environment: NodeJS.ProcessEnv, work: (program: Program) => Promise<void>): Promise<number> {
  const log = createLogger({ level: "warn", format: "json" }, process.stderr);
  const program = await composeProgram(readConfig(environment), log);
  try {
    await work(program);
    return 0;
  } finally {
    await program.close();
  }
}

async function create(program: Program, options: TokenOptions): Promise<void> {
  const given = {
    role: options.role as Role,
    label: options.label,
    ...(options.expiresAt === undefined ? {} : { expires_at: options.expiresAt }),
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

async function revoke(program: Program, id: string): Promise<void> {
  await program.access.revoke(id, createChange(actor));
  console.log(`revoked ${id}`);
}
