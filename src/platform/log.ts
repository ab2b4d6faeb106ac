import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";

export type { Logger };

export interface LogOptions {
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

/** Wherever such a field stands in a line, at the top or one or two levels below it. */
const redactedPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/**
 * A logger that writes to standard output, or to `destination`. What goes in is chosen field by field by those who log;
 * the redaction here is the second net, not the first.
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
  return pino(settings, destination ?? (options.format === "pretty" ? createPrettyStream() : standardOutput));
}

/**
 * An error as the log tells it: name, code, message, stack and the chain of causes. No other property: the errors of
 * clients carry requests, headers and answers.
 */
export function toLoggedError(error: unknown, depth = 0): Record<string, unknown> {
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
 * The lines of one turn of the event loop go out by one write, which is done when the turn is: left to a thread, each would
 * wake the loop once more, which takes longer than the write. What is logged before an exit is written at it; a process
 * that is killed loses the lines of its last turn, and no others.
 */
const standardOutput = createTurnStream(pino.destination({ dest: 1, sync: true }));

function createTurnStream(output: DestinationStream): DestinationStream {
  let lines = "";
  const writeLines = () => {
    const taken = lines;
    lines = "";
    if (taken !== "") output.write(taken);
  };
  process.on("exit", writeLines);
  return {
    write(line) {
      if (lines === "") setImmediate(writeLines);
      lines += line;
    },
  };
}

function createPrettyStream(): DestinationStream {
  return pretty({ colorize: process.stdout.isTTY === true, translateTime: "HH:MM:ss", ignore: "pid,hostname" });
}
