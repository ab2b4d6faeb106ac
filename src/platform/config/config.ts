import { isIP } from "node:net";
import { join } from "node:path";
import { toSuggestion } from "../suggestion.ts";
import { isFileForm, type Problem, readTexts } from "./sources.ts";
import { type Settings, type VariableName, variables } from "./variables.ts";

export type { Problem } from "./sources.ts";

/** The configuration cannot be used. `message` has a line for each problem, without values of secrets. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(
      ["The configuration cannot be used:", ...problems.map(({ name, message }) => `  ${name} ${message}`)].join("\n"),
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** The parsed configuration: every variable, and what follows from several of them. */
export type Config = Settings & { readonly keyFile: string; readonly isLoopback: boolean };

/**
 * Parses the environment, once, at the start.
 *
 * @param roots the folders below which secrets and config maps are mounted; Fission's by default
 * @throws ConfigError with all problems
 */
export function readConfig(environment: NodeJS.ProcessEnv, roots?: readonly string[]): Config {
  const problems: Problem[] = findUnknown(environment);
  const texts = readTexts(environment, problems, roots);
  const settings: Partial<Record<VariableName, unknown>> = {};
  for (const [name, variable] of Object.entries(variables) as [VariableName, (typeof variables)[VariableName]][]) {
    if (texts.get(name) === null) continue;
    const text = texts.get(name) ?? variable.default;
    if (text === null) {
      settings[name] = null;
      continue;
    }
    const parsed = variable.schema.safeParse(text);
    if (parsed.success) settings[name] = parsed.data;
    else problems.push(...parsed.error.issues.map((issue) => ({ name, message: describe(name, text, issue.message) })));
  }
  const config = settings as unknown as Settings;
  const isLoopback = isLoopbackAddress(String(config.EOM_HOST));
  problems.push(...findContradictions(config, isLoopback));
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...config, keyFile: config.EOM_KEY_FILE ?? join(config.EOM_DATA_DIR, "key"), isLoopback };
}

/** A misspelt name would otherwise be ignored. */
function findUnknown(environment: NodeJS.ProcessEnv): Problem[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith("EOM_"))
    .filter((name) => !(name in variables) && !isFileForm(name))
    .map((name) => {
      const suggestion = toSuggestion(name, listNames());
      return { name, message: `is not known${suggestion || ":"} docs/reference/configuration.md lists all variables` };
    });
}

/** With their `_FILE` forms. */
function listNames(): string[] {
  const names = Object.keys(variables);
  return [...names, ...names.map((name) => `${name}_FILE`).filter(isFileForm)];
}

function describe(name: VariableName, text: string, message: string): string {
  const expected = message.startsWith("must ") ? message : `is not right: ${message}`;
  return "secret" in variables[name] ? expected : `${expected}, got ${JSON.stringify(text.slice(0, 100))}`;
}

function findContradictions(config: Settings, isLoopback: boolean): Problem[] {
  const problems: Problem[] = [];
  const require = (name: VariableName, because: string) => {
    if (config[name] === null) problems.push({ name, message: `is needed ${because}` });
  };
  if (config.EOM_AUTH === "none" && !isLoopback) {
    problems.push({
      name: "EOM_AUTH",
      message: `must not be none when EOM_HOST (${config.EOM_HOST}) is not loopback: use token, oidc or gateway`,
    });
  }
  if (config.EOM_AUTH === "oidc") {
    require("EOM_OIDC_ISSUER", "with EOM_AUTH=oidc");
    require("EOM_OIDC_AUDIENCE", "with EOM_AUTH=oidc");
  }
  if (config.EOM_AUTH === "gateway" && config.EOM_GATEWAY_CIDRS?.length === 0)
    problems.push({ name: "EOM_GATEWAY_CIDRS", message: "is needed with EOM_AUTH=gateway" });
  if (config.EOM_ENGINE === "dagster") require("EOM_DAGSTER_URL", "with EOM_ENGINE=dagster");
  problems.push(...findEngineProblems(config));
  if (config.EOM_SECRETS === "vault") {
    require("VAULT_ADDR", "with EOM_SECRETS=vault");
    if (config.EOM_VAULT_AUTH === "token" && config.VAULT_TOKEN === null && config.EOM_VAULT_TOKEN_FILE === null) {
      problems.push({ name: "VAULT_TOKEN", message: "or EOM_VAULT_TOKEN_FILE is needed with EOM_VAULT_AUTH=token" });
    }
    if (config.EOM_VAULT_AUTH === "kubernetes") require("EOM_VAULT_ROLE", "with EOM_VAULT_AUTH=kubernetes");
    if (config.EOM_VAULT_AUTH === "approle") {
      require("EOM_VAULT_ROLE_ID", "with EOM_VAULT_AUTH=approle");
      require("EOM_VAULT_SECRET_ID", "with EOM_VAULT_AUTH=approle");
    }
  }
  return problems;
}

/** None when the connections themselves could not be parsed: their own problems are reported already. */
function findEngineProblems({ EOM_ENGINE: name, EOM_DAGSTER_CONNECTIONS: connections }: Partial<Settings>): Problem[] {
  if (name === undefined || connections === undefined) return [];
  const names = ["local", "dagster", ...Object.keys(connections)];
  if (names.includes(name)) return [];
  const expected = `must be one of ${names.join(", ")}`;
  return [{ name: "EOM_ENGINE", message: `${expected} (EOM_DAGSTER_CONNECTIONS), got ${JSON.stringify(name)}` }];
}

function isLoopbackAddress(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
