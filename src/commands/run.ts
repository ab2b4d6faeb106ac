import { Argument, Command, CommanderError } from "@commander-js/extra-typings";
import { workerNames } from "../compose/worker-names.ts";
import { version } from "../version.ts";

/** A command's work: the exit code 0 for done, 1 for failed. */
type Work<Words extends readonly unknown[]> = (...words: Words) => Promise<number>;

/**
 * Runs the command that the first word names, and prints its error, if any, on standard error.
 *
 * @param args the words of the command line after `eom`
 * @param environment the variables that configure EOM, such as `process.env`
 * @returns the exit code: 0 done, 1 failed, 2 called or configured wrongly
 */
export async function runCommand(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  let code = 0;
  const does =
    <Words extends readonly unknown[]>(work: Work<Words>) =>
    async (...words: Words): Promise<void> => {
      code = await work(...words);
    };
  try {
    await createProgram(environment, does).parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { isWrongCall, toSentence } = await import("./sentence.ts");
    console.error(toSentence(error));
    return isWrongCall(error) ? 2 : 1;
  }
}

type Does = <Words extends readonly unknown[]>(work: Work<Words>) => (...words: Words) => Promise<void>;

/** Each command loads what it needs when it runs, so that help is there at once. */
function createProgram(environment: NodeJS.ProcessEnv, does: Does) {
  const program = new Command("eom")
    .description("EOM, the control plane of a data platform.\nVariables configure it: docs/reference/configuration.md")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => console.log(text.trimEnd()),
      writeErr: (text) => console.error(text.trimEnd()),
    });
  addServing(program, environment, does);
  addMaintenance(program, environment, does);
  addTokens(program, environment, does);
  addDemo(program, does);
  return program;
}

function addServing(program: Command, environment: NodeJS.ProcessEnv, does: Does): void {
  program
    .command("start")
    .description("API and all workers in one process")
    .action(does(async () => (await import("./serve.ts")).serve(environment, { api: true, workers: workerNames })));
  program
    .command("api")
    .description("the API alone")
    .action(does(async () => (await import("./serve.ts")).serve(environment, { api: true, workers: [] })));
  program
    .command("worker")
    .description("the workers alone, or some of them")
    .option("--only <workers>", `names with commas between them: ${workerNames.join(",")}`)
    .action(does(async ({ only }) => (await import("./serve.ts")).serveWorkers(environment, only)));
  program
    .command("tick")
    .description("one turn of a worker; prints a JSON summary")
    .addArgument(new Argument("<worker>", "whose turn").choices(workerNames))
    .action(does(async (worker) => (await import("./tick.ts")).tick(environment, worker)));
}

function addMaintenance(program: Command, environment: NodeJS.ProcessEnv, does: Does): void {
  program
    .command("migrate")
    .description("applies the missing migrations")
    .option("--check", "lists the missing migrations and applies none; exits with 1 if there are any")
    .action(does(async ({ check }) => (await import("./migrate.ts")).migrateDatabase(environment, check === true)));
  program
    .command("doctor")
    .description(
      "checks config, database, secret store, engines, storages, webhooks, clock, jobs file, data folder, address",
    )
    .action(does(async () => (await import("./doctor.ts")).doctor(environment)));
  program
    .command("quota")
    .description("levels of quotas")
    .command("reconcile")
    .description("compares levels with their ledger; exits with 1 if one differs")
    .option("--fix", "corrects the levels that differ")
    .action(does(async ({ fix }) => (await import("./quota.ts")).compareLevels(environment, fix === true)));
  program
    .command("secrets")
    .description("secrets of the embedded store")
    .command("rekey")
    .description("seals embedded secrets again with EOM_KEY_FILE's key")
    .argument("<old key file>", "the key file that was used until now")
    .action(does(async (oldFile) => (await import("./secrets.ts")).rekey(environment, oldFile)));
  program
    .command("openapi")
    .description("prints the OpenAPI document")
    .action(does(async () => (await import("./openapi.ts")).printOpenApi()));
}

function addTokens(program: Command, environment: NodeJS.ProcessEnv, does: Does): void {
  const token = program.command("token").description("API tokens, in the database itself: no EOM need run");
  token
    .command("create")
    .description("creates a token and prints it, once")
    .requiredOption("--role <role>", "role of its callers")
    .requiredOption("--label <label>", "name of its callers in answers and the audit trail")
    .option("--expires-at <time>", "as 2027-01-31T12:00:00Z")
    .action(does(async (options) => (await import("./token.ts")).createToken(environment, options)));
  token
    .command("list")
    .description("prints a line of JSON for each token, without its secret")
    .action(does(async () => (await import("./token.ts")).listTokens(environment)));
  token
    .command("revoke")
    .description("revokes a token")
    .argument("<id>", "as eom token list prints it")
    .action(does(async (id) => (await import("./token.ts")).revokeToken(environment, id)));
}

function addDemo(program: Command, does: Does): void {
  program
    .command("demo")
    .description("EOM at work, with an S3 server of its own, until Ctrl-C")
    .addArgument(new Argument("[part]", "that server alone, for the README's tour").choices(["s3"]))
    .option("--sessions <count>", "ends when as many sessions have succeeded")
    .action(does(async (part, { sessions }) => (await import("./demo.ts")).showDemo(part, sessions)));
}
