import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import { prettyFactory } from "pino-pretty";
import { createStandardOutput } from "./standard-output.ts";

export type { Logger };

/** How a logger writes its lines. */
export interface LogOptions {
  /** The lowest level that is logged: pino's names, or `silent`. */
  readonly level: string;
  readonly format: "json" | "pretty";
}

const secretNames = [
  "authorization",
  "cookie",
  "token",
  "secret",
  "secret_access_key",
  "secret_key",
  "session_token",
  "password",
  "client_token",
  "secret_id",
  "jwt",
];

/** Such fields at the top of a line, and one or two levels below it. */
const redactedPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/**
 * A logger that writes to standard output, or to `destination`. Callers choose the fields of each line, and leave secrets
 * out; the redaction here is the second net.
 */
export function createLogger(options: LogOptions, destination?: DestinationStream): Logger {
  const settings = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redactedPaths, censor: "[redacted]" },
    serializers: { err: toLoggedError },
  };
  return pino(settings, destination ?? createLogOutput(options.format));
}

/**
 * An error in a line of the log: name, code, message, stack and the chain of causes, at most six deep. No other property:
 * the errors of clients carry requests, headers and answers.
 */
function toLoggedError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...("code" in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined || depth > 4 ? {} : { cause: toLoggedError(error.cause, depth + 1) }),
  };
}

function createLogOutput(format: LogOptions["format"]): DestinationStream {
  const toText = format === "json" ? (line: string) => line : prettyFactory(prettyOptions);
  return createStandardOutput(toText, toDropReport);
}

const prettyOptions = { colorize: process.stdout.isTTY === true, translateTime: "HH:MM:ss", ignore: "pid,hostname" };

function toDropReport(count: number): string {
  const fields = { level: "warn", time: new Date().toISOString(), dropped_lines: count };
  return `${JSON.stringify({ ...fields, msg: "lines of the log were dropped, because nobody read standard output" })}\n`;
}
