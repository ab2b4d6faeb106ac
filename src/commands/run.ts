import { ConfigError } from "../platform/config/config.ts";
import { version } from "../version.ts";
import type { Command } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { migrateCommand } from "./migrate.ts";
import { openApiCommand } from "./openapi.ts";
import { quotaCommand } from "./quota.ts";
import { secretsCommand } from "./secrets.ts";
import { toSentence } from "./sentence.ts";
import { apiCommand, startCommand, workerCommand } from "./serve.ts";
import { tickCommand } from "./tick.ts";
import { tokenCommand } from "./token.ts";
import { UsageError } from "./usage.ts";

const commands: Readonly<Record<string, Command>> = {
  start: startCommand,
  api: apiCommand,
  worker: workerCommand,
  tick: tickCommand,
  migrate: migrateCommand,
  token: tokenCommand,
  doctor: doctorCommand,
  quota: quotaCommand,
  secrets: secretsCommand,
  openapi: openApiCommand,
};

/**
 * Runs the command that the first word names, and prints its error, if any, on standard error.
 *
 * @param args the words of the command line after `eom`
 * @returns the exit code: 0 done, 1 failed, 2 called or configured wrongly
 */
export async function runCommand(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help") {
    console.log(toHelp());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    console.log(version);
    return 0;
  }
  const command = commands[name];
  if (command === undefined) {
    console.error(`There is no command ${JSON.stringify(name)}.\n\n${toHelp()}`);
    return 2;
  }
  try {
    return await command.run(rest, environment);
  } catch (error) {
    console.error(toSentence(error));
    return error instanceof ConfigError || error instanceof UsageError ? 2 : 1;
  }
}

function toHelp(): string {
  const lines = Object.entries(commands).map(
    ([name, { usage, about }]) => `  eom ${`${name} ${usage}`.padEnd(32)} ${about}`,
  );
  return ["EOM, the control plane of a data platform.", "", ...lines].join("\n");
}
