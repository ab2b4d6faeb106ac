/** A job of the fake, and the run config that it accepts. */
export interface FakeJob {
  readonly name: string;
  readonly description: string | null;
  readonly op: string;
  /** The resource `eom`, and the fields that it accepts (null for any); null without the resource. */
  readonly eom: { readonly fields: readonly string[] | null } | null;
  /** Whether its op requires a config `{a: Int}`. */
  readonly wantsConfig: boolean;
}

const any = { fields: null };

export const fakeJobs: readonly FakeJob[] = [
  { name: "__ASSET_JOB", description: null, op: "asset", eom: any, wantsConfig: false },
  { name: "ok", description: "Succeeds.\nAlways.", op: "say", eom: any, wantsConfig: false },
  { name: "fail", description: null, op: "boom", eom: any, wantsConfig: false },
  { name: "hang", description: null, op: "sleepy", eom: any, wantsConfig: false },
  { name: "plain", description: null, op: "say", eom: null, wantsConfig: false },
  { name: "strict", description: null, op: "uses", eom: { fields: ["session_id"] }, wantsConfig: false },
  { name: "configured", description: null, op: "wants_config", eom: null, wantsConfig: true },
];

interface ConfigError {
  readonly __typename: string;
  readonly message: string;
  readonly path: readonly string[];
  readonly reason: string;
  readonly stack: { readonly entries: readonly object[] };
}

/** Config errors in Dagster's words, for the few rules of the fake's jobs. */
export function listConfigErrors(job: FakeJob, runConfig: unknown): ConfigError[] {
  const config = (runConfig ?? {}) as Record<string, unknown>;
  const ops = toRecord(config["ops"]);
  const resources = toRecord(config["resources"]);
  const eom = toRecord(toRecord(resources["eom"])["config"]);
  return [
    ...listUnexpected([], config, ["ops", "resources", "execution", "loggers"]),
    ...listUnexpected(["ops"], ops, [job.op]),
    ...listUnexpected(["resources"], resources, job.eom === null ? ["io_manager"] : ["eom", "io_manager"]),
    ...listUnexpected(["resources", "eom", "config"], eom, job.eom?.fields ?? Object.keys(eom)),
    ...(job.wantsConfig ? listOpErrors(job.op, ops) : []),
  ];
}

function listOpErrors(op: string, ops: Record<string, unknown>): ConfigError[] {
  if (ops[op] === undefined) {
    const message = 'Missing required config entry "ops" at the root. You must provide this value in your run config.';
    return [toError("MissingFieldConfigError", "MISSING_REQUIRED_FIELD", [], message)];
  }
  const path = ["ops", op, "config", "a"];
  const value = toRecord(toRecord(ops[op])["config"])["a"];
  if (Number.isInteger(value)) return [];
  const message = `Invalid scalar at path root:${path.join(":")}. Value "${value}" is not valid for expected type "Int".`;
  return [toError("RuntimeMismatchConfigError", "RUNTIME_TYPE_MISMATCH", path, message)];
}

function listUnexpected(path: string[], given: Record<string, unknown>, known: readonly string[]): ConfigError[] {
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const where = path.length === 0 ? "at the root" : `at path root:${path.join(":")}`;
      const expected = `{ ${known.map((name) => `${name}?`).join(" ")} }`;
      const message = `Received unexpected config entry "${key}" ${where}. Expected: "${expected}".`;
      return toError("FieldNotDefinedConfigError", "FIELD_NOT_DEFINED", path, message);
    });
}

function toError(__typename: string, reason: string, path: readonly string[], message: string): ConfigError {
  const entries = path.map((fieldName) => ({ __typename: "EvaluationStackPathEntry", fieldName }));
  return { __typename, message, path: [], reason, stack: { entries } };
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
