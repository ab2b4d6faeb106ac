import type { EventType } from "../../events/types.ts";
import type { FailureCode } from "../../failure.ts";
import recorded from "./examples.json" with { type: "json" };

/** The file that test/contract/examples.test.ts writes: real requests and answers, with what differs from run to run replaced. */
interface Examples {
  readonly operations: Readonly<
    Record<string, { readonly request?: unknown; readonly answer: Readonly<Record<string, unknown>> }>
  >;
  readonly failures: Readonly<Record<string, { readonly json: FailureBody; readonly problem?: unknown }>>;
  readonly messages: Readonly<Record<string, unknown>>;
}

interface FailureBody {
  readonly http_status: number;
}

const examples: Examples = recorded;

/** The member `example` of a media type. Nothing for an operation that has none yet: the test of the file finds it. */
function toMember(example: unknown): { readonly example?: unknown } {
  return example === undefined ? {} : { example };
}

/** The example of an operation's request. */
export function toRequestExample(operationId: string) {
  return toMember(examples.operations[operationId]?.request);
}

/** The example of an operation's successful answer. */
export function toAnswerExample(operationId: string, status: string) {
  return toMember(examples.operations[operationId]?.answer[status]);
}

/** The example of an event's message. */
export function toMessageExample(type: EventType) {
  return toMember(examples.messages[type]);
}

/** Examples of a failing answer, by code: of the `listed` codes those that were answered with `status`. */
export function toFailureExamples(status: number, listed: readonly FailureCode[], format: "json" | "problem") {
  const answered = listed.filter(
    (code) => examples.failures[code]?.json.http_status === status && examples.failures[code][format] !== undefined,
  );
  if (answered.length === 0) return {};
  return {
    examples: Object.fromEntries(
      answered.map((code) => [code, { $ref: `#/components/examples/${toName(code, format)}` }]),
    ),
  };
}

/** The failures' examples, each of which many answers refer to. */
export function listFailureExamples(
  listed: ReadonlySet<string>,
): (readonly [name: string, example: { readonly value: unknown }])[] {
  return Object.entries(examples.failures)
    .filter(([code]) => listed.has(code))
    .flatMap(([code, { json, problem }]) => [
      [toName(code, "json"), { value: json }] as const,
      ...(problem === undefined ? [] : [[toName(code, "problem"), { value: problem }] as const]),
    ]);
}

function toName(code: string, format: "json" | "problem"): string {
  return format === "json" ? code : `${code}_PROBLEM`;
}
