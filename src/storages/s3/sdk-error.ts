/** The parts that EOM reads of an error of the SDK or of Node; null when a part is missing. */
export interface SdkError {
  /** The code of an S3 error, or the class of another error. The server chooses it: never show it. */
  readonly name: string;
  readonly code: string | null;
  readonly duringConnect: boolean;
  readonly status: number | null;
  /** The region that the server expects. */
  readonly region: string | null;
  /** The time of the server's clock. */
  readonly date: Date | null;
  readonly isHtml: boolean;
  /** Whether the answer was an error as S3 defines them. */
  readonly isS3Error: boolean;
}

/** Reads any thrown value, or the first error of an AggregateError, which Node throws after several addresses failed. */
export function readSdkError(thrown: unknown): SdkError {
  const error = toRecord(thrown instanceof AggregateError && thrown.errors.length > 0 ? thrown.errors[0] : thrown);
  const headers = toRecord(toRecord(error["$response"])["headers"]);
  const name = readText(error["name"]) ?? "Error";
  const status = toRecord(error["$metadata"])["httpStatusCode"];
  return {
    name,
    code: readText(error["code"]),
    duringConnect: error["syscall"] === "connect",
    status: typeof status === "number" && status >= 100 && status <= 599 ? status : null,
    region: readText(error["Region"]) ?? readText(headers["x-amz-bucket-region"]),
    date: readDate(error["ServerTime"]) ?? readDate(headers["date"]),
    isHtml: /^text\/html\b/i.test(readText(headers["content-type"]) ?? ""),
    isS3Error: error["$fault"] !== undefined,
  };
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function readText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function readDate(value: unknown): Date | null {
  const date = new Date(readText(value) ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}
