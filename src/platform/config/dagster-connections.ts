import { z } from "zod";
import { findCredentialProblem } from "../credential-text.ts";
import { parseJson } from "../parse-json.ts";

/** A Dagster deployment, as the configuration names it. */
export interface DagsterConnection {
  /** The address of the web pages, without /graphql; may have a path. */
  readonly url: string;
  /** Sent with every request, as a proxy or Dagster+ requires. Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Launches a second, of all processes together. */
  readonly rate: number;
  /** Runs under way at once, of all processes together. */
  readonly maxRuns: number;
}

/** Launches a second, unless the configuration says otherwise. */
export const defaultDagsterRate = 30;
/** Runs under way, unless the configuration says otherwise. */
export const defaultDagsterMaxRuns = 1000;

/** An address of Dagster. Without a password: it would be in errors and in links to runs. */
export const dagsterUrl = z
  .string()
  .refine((text) => /^https?:\/\/./.test(text) && URL.canParse(text), "must be http:// or https:// with a host")
  .refine(
    (text) => !URL.canParse(text) || `${new URL(text).username}${new URL(text).password}` === "",
    "must have no user or password in it: use a header",
  )
  .refine((text) => !/[?#]/.test(text), "must be the address of Dagster's web pages, without a query")
  .transform((text) => text.replace(/\/+$/, "").replace(/\/graphql$/, ""));

const expectedHeaders = 'must be a JSON object of texts, as {"Authorization": "Bearer ..."}';

/** Headers of the exchange itself, which EOM or its HTTP client sets. */
const ownHeaders = [
  "accept",
  "connection",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
];

const expectedNames = `must have other headers than ${ownHeaders.join(", ")}`;

/** Names as in RFC 9110, section 5.1. */
const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, expectedHeaders),
    z.string(expectedHeaders),
    expectedHeaders,
  )
  .superRefine((values, context) => {
    for (const [name, value] of Object.entries(values)) {
      const isOwn = ownHeaders.includes(name.toLowerCase());
      const message = isOwn ? expectedNames : findCredentialProblem(value, "header");
      if (message !== null) context.addIssue({ code: "custom", path: [name], message });
    }
  });

/** EOM_DAGSTER_HEADERS. */
export const dagsterHeaders = json(headers, expectedHeaders);

const expectedConnections =
  'must be a JSON object of connections by name, as {"eu": {"url": "https://dagster.eu.example"}}';

const connection = z
  .strictObject(
    {
      url: dagsterUrl,
      headers: headers.default({}),
      rate: z.int().min(1).max(1000).default(defaultDagsterRate),
      max_runs: z.int().min(1).max(100_000).default(defaultDagsterMaxRuns),
    },
    expectedConnections,
  )
  .transform(({ max_runs, ...rest }): DagsterConnection => ({ ...rest, maxRuns: max_runs }));

/** The engines that have variables of their own. */
const takenNames = ["local", "dagster"];

/** EOM_DAGSTER_CONNECTIONS. */
export const dagsterConnections = json(
  z.record(z.string(), connection, expectedConnections).superRefine((connections, context) => {
    for (const name of Object.keys(connections)) {
      if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name))
        context.addIssue({
          code: "custom",
          path: [name],
          message: "must have names of lower-case letters, digits, - and _",
        });
      if (takenNames.includes(name))
        context.addIssue({
          code: "custom",
          path: [name],
          message: `must have other names than ${takenNames.join(" and ")}`,
        });
    }
  }),
  expectedConnections,
);

/** JSON that fits a schema. A problem names the place inside the JSON, never a value. */
function json<Schema extends z.ZodType>(schema: Schema, expected: string) {
  return z.string().transform((text, context): z.output<Schema> => {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) {
      const problem = message.startsWith("must ") ? message : `${expected}: ${message}`;
      context.addIssue(path.length === 0 ? problem : `${problem} (at ${path.join(".")})`);
    }
    return z.NEVER;
  });
}
