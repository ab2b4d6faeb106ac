/** What EOM looks at in an error of the SDK or of Node; null for what is not there. */
export interface SdkError {
  /** The code of an S3 error, or the class of another one. Chosen by the server: never to be shown. */
  readonly name: string;
  readonly code: string | null;
  /** Only to be searched. */
  readonly message: string;
  readonly duringConnect: boolean;
  readonly status: number | null;
  /** What the server says the right region is. */
  readonly region: string | null;
  /** The server's clock. */
  readonly date: Date | null;
  readonly html: boolean;
  /** Whether the answer was an S3 error at all. */
  readonly understood: boolean;
}

/** Reads any thrown value; what an AggregateError (several addresses tried) holds first stands for all of it. */
export function readSdkError(thrown: unknown): SdkError {
  const error = toRecord(thrown instanceof AggregateError && thrown.errors.length > 0 ? thrown.errors[0] : thrown);
  const headers = toRecord(toRecord(error["$response"])["headers"]);
  const name = readText(error["name"]) ?? "Error";
  const status = toRecord(error["$metadata"])["httpStatusCode"];
  return {
    name,
    code: readText(error["code"]),
    message: readText(error["message"]) ?? "",
    duringConnect: error["syscall"] === "connect",
    status: typeof status === "number" && status >= 100 && status <= 599 ? status : null,
    region: readText(error["Region"]) ?? readText(headers["x-amz-bucket-region"]),
    date: readDate(error["ServerTime"]) ?? readDate(headers["date"]),
    html: /^text\/html\b/i.test(readText(headers["content-type"]) ?? ""),
    understood: error["$fault"] !== undefined,
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
