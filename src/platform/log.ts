import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";

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
  return pino(settings, destination ?? (options.format === "pretty" ? createPrettyStream() : createStandardOutput()));
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

/**
 * Writes the lines of one turn of the event loop by one synchronous write: left to a thread, each would wake the loop once
 * more, which takes longer than the write (decision 16). Lines logged before an exit are written at the exit; a process
 * that is killed loses the lines of its last turn alone.
 */
function createStandardOutput(): DestinationStream {
  let output: DestinationStream | null = null;
  let lines = "";
  // With the first line: a logger that is silent opens nothing.
  const open = (): DestinationStream => {
    process.on("exit", writeLines);
    return pino.destination({ dest: 1, sync: true });
  };
  const writeLines = (): void => {
    const taken = lines;
    lines = "";
    if (taken !== "") output?.write(taken);
  };
  return {
    write(line) {
      output ??= open();
      if (lines === "") setImmediate(writeLines);
      lines += line;
    },
  };
}

function createPrettyStream(): DestinationStream {
  return pretty({ colorize: process.stdout.isTTY === true, translateTime: "HH:MM:ss", ignore: "pid,hostname" });
}
