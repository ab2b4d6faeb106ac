import { type FailureCode, failures, listStatuses } from "../../failure.ts";
import { z } from "../../resource/schema.ts";
import { errorBodySchema } from "../error-body.ts";
import type { RouteSpec } from "../route.ts";
import { toFailureExamples } from "./examples.ts";
import { toFailureHeaders } from "./headers.ts";

const codes = Object.keys(failures) as FailureCode[];

/** Failures that any operation can answer with. */
const ofAll: readonly FailureCode[] = [
  "INTERNAL_ERROR",
  "DATABASE_ERROR",
  "CONFIGURATION_ERROR",
  "DATABASE_UNAVAILABLE",
  "VALIDATION_ERROR",
  "MALFORMED_JSON",
  "PAYLOAD_TOO_LARGE",
  "REQUEST_TIMEOUT",
  "HEADERS_TOO_LARGE",
];

/** Every failure that a route can answer with: its own, and the failures of its kind (with a body, a version, a key). */
export function listFailures(spec: RouteSpec): readonly FailureCode[] {
  const listed = new Set<FailureCode>(ofAll);
  const add = (...more: FailureCode[]) => {
    for (const code of more) listed.add(code);
  };
  if (spec.role !== "public") add("UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "IDENTITY_PROVIDER_UNAVAILABLE");
  if (spec.body !== undefined) add("UNSUPPORTED_MEDIA_TYPE");
  if (spec.idempotent === true) add("IDEMPOTENCY_IN_FLIGHT");
  if (spec.idempotent !== undefined) add("IDEMPOTENCY_KEY_REUSED");
  if (spec.versioned === true && spec.method !== "GET") add("PRECONDITION_FAILED");
  add(...spec.failures);
  return codes.filter((code) => listed.has(code));
}

/** The bodies of the failing answers of `specs`, one a status: `Error404`, with the codes that have this status. */
export function listErrorSchemas(specs: readonly RouteSpec[]): z.ZodType[] {
  const listed = new Set(specs.flatMap(listFailures));
  const pairs = codes.filter((code) => listed.has(code)).flatMap(toPairs);
  return [...Map.groupBy(pairs, ({ status }) => status)].map(([status, sharing]) => {
    const names = sharing.map(({ code }) => code);
    const schema = errorBodySchema.extend({
      error_code: z.enum(names).describe("What went wrong, for programs: it never changes its meaning."),
      http_status: z.literal(status).describe("The status of the answer."),
      details: errorBodySchema.shape.details.describe(describeDetails(names)),
    });
    return schema.openapi(`Error${status}`, { description: `A failure with status ${status}.` });
  });
}

/** The fields of `details`, by code. */
function describeDetails(names: readonly FailureCode[]): string {
  const fields = names.flatMap((code) => {
    const { details } = failures[code];
    return "shape" in details ? [`${code}: ${Object.keys(details.shape).join(", ")}`] : [];
  });
  return fields.length === 0
    ? "Null: these failures have no details."
    : `More about the failure, with fields by \`error_code\`: ${fields.join("; ")}. Null for other codes.`;
}

function toPairs(code: FailureCode) {
  return listStatuses(code).map((status) => ({ code, status }));
}

/** Answers of failures that operations share: one for each set of codes with one status. */
export function createFailureAnswers(register: (name: string, answer: object) => { readonly $ref: string }) {
  return (spec: RouteSpec) =>
    Object.fromEntries(
      [...Map.groupBy(listFailures(spec).flatMap(toPairs), ({ status }) => status)].map(([status, pairs]) => {
        const listed = pairs.map(({ code }) => code);
        return [String(status), register(toName(status, listed), toAnswer(status, listed))];
      }),
    );
}

/** As `Error404QuotaNotFound`: the status, and the codes beside those of every operation. */
function toName(status: number, listed: readonly FailureCode[]): string {
  return `Error${status}${listed
    .filter((code) => !ofAll.includes(code))
    .map(toPascalCase)
    .join("")}`;
}

function toPascalCase(code: FailureCode): string {
  return code.replace(/_?([A-Z0-9])([A-Z0-9]*)/g, (_, first: string, others: string) => first + others.toLowerCase());
}

function toAnswer(status: number, listed: readonly FailureCode[]) {
  return {
    description: listed.map((code) => `${code}: ${failures[code].title}`).join("; "),
    headers: toFailureHeaders(listed),
    content: {
      "application/json": {
        schema: { $ref: `#/components/schemas/Error${status}` },
        ...toFailureExamples(status, listed, "json"),
      },
      "application/problem+json": {
        schema: { $ref: "#/components/schemas/Problem" },
        ...toFailureExamples(status, listed, "problem"),
      },
    },
  };
}
