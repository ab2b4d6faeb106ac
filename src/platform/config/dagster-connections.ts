import { z } from "zod";

/** A Dagster deployment, as the configuration names it. */
export interface DagsterConnection {
  /** Without /graphql; may have a path before it. */
  readonly url: string;
  /** Sent with every request: for a proxy, or for Dagster+. Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Launches in a second. */
  readonly rate: number;
  /** Under way at once. */
  readonly maxRuns: number;
}

export const defaultDagsterRate = 30;
export const defaultDagsterMaxRuns = 1000;

/** A password in a URL would stand in errors and in links to runs. */
export const dagsterUrl = z
  .string()
  .refine((text) => /^https?:\/\/./.test(text) && URL.canParse(text), "wants http:// or https:// with a host")
  .refine(
    (text) => !URL.canParse(text) || `${new URL(text).username}${new URL(text).password}` === "",
    "wants no user or password in it: use a header",
  )
  .refine((text) => !/[?#]/.test(text), "wants no query: the address that the web pages of Dagster have")
  .transform((text) => text.replace(/\/+$/, "").replace(/\/graphql$/, ""));

const wantedHeaders = 'wants a JSON object of texts, as {"Authorization": "Bearer ..."}';

/** Names as RFC 9110, section 5.1 has them; values on one line. */
const headers = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, wantedHeaders),
  z.string(wantedHeaders).regex(/^[\t\x20-\x7e\x80-\xff]*$/, wantedHeaders),
  wantedHeaders,
);

export const dagsterHeaders = json(headers, wantedHeaders);

const wantedConnections =
  'wants a JSON object of connections by name, as {"eu": {"url": "https://dagster.eu.example"}}';

const connection = z
  .strictObject(
    {
      url: dagsterUrl,
      headers: headers.default({}),
      rate: z.int().min(1).max(1000).default(defaultDagsterRate),
      max_runs: z.int().min(1).max(100_000).default(defaultDagsterMaxRuns),
    },
    wantedConnections,
  )
  .transform(({ max_runs, ...rest }): DagsterConnection => ({ ...rest, maxRuns: max_runs }));

/** Those of the engines that have variables of their own. */
const takenNames = ["local", "dagster"];

export const dagsterConnections = json(
  z.record(z.string(), connection, wantedConnections).superRefine((connections, context) => {
    for (const name of Object.keys(connections)) {
      if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name))
        context.addIssue({
          code: "custom",
          path: [name],
          message: "wants names of lower-case letters, digits, - and _",
        });
      if (takenNames.includes(name))
        context.addIssue({
          code: "custom",
          path: [name],
          message: `wants other names than ${takenNames.join(" and ")}`,
        });
    }
  }),
  wantedConnections,
);

/** Text of JSON. Where something below is wrong, its place is said, never its value. */
function json<Schema extends z.ZodType>(schema: Schema, wanted: string) {
  return z.string().transform((text, context): z.output<Schema> => {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) {
      const problem = message.startsWith("wants") ? message : `${wanted}: ${message}`;
      context.addIssue(path.length === 0 ? problem : `${problem} (at ${path.join(".")})`);
    }
    return z.NEVER;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
