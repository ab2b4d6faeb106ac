import {
  buildClientSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getIntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  parse,
  validate,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as answers from "../../src/engines/dagster/answers.ts";
import * as documents from "../../src/engines/dagster/documents.ts";
import { fakeSchema } from "../engines/dagster/fake-schema.ts";
import { type RealDagster, startDagster } from "../support/dagster/dagster.ts";

let dagster: RealDagster;
let schema: GraphQLSchema;
beforeAll(async () => {
  dagster = await startDagster({ daemon: false });
  schema = buildClientSchema((await dagster.ask(getIntrospectionQuery())).body.data);
});
afterAll(() => dagster.stop());

/** All documents; those for several runs are made for two. */
const texts = Object.entries(documents).map(([name, document]): [string, string] => [
  name,
  typeof document === "function" ? document(2) : document,
]);

interface Union {
  readonly options: readonly { readonly shape: { readonly __typename: { readonly value: string } } }[];
}

const { terminateRuns } = answers.terminateAnswer.shape;

/** The unions of answers.ts. The union of log events is open: EOM reads three members. */
const unions: readonly (readonly [string, Union])[] = [
  ["LaunchRunResult", answers.launchAnswer.shape.launchRun],
  ["RunsOrError", answers.statusAnswer.shape.runsOrError],
  ["RunsOrError", answers.attemptRunsAnswer.valueType],
  ["RunOrError", answers.failuresAnswer.valueType],
  ["TerminateRunsResultOrError", terminateRuns],
  ["TerminateRunResult", terminateRuns.options[0].shape.terminateRunResults.element],
  ["PipelineConfigValidationResult", answers.validateAnswer.shape.isPipelineConfigValid],
  ["WorkspaceOrError", answers.jobsAnswer.shape.workspaceOrError],
];

describe("Dagster's own GraphQL schema", () => {
  test.for(texts)("has every field that %s selects", ([, text]) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([]);
  });

  test.for(unions)("has no member of %s that EOM does not know", ([name, { options }]) => {
    const type = schema.getType(name);
    const real = isUnionType(type) ? type.getTypes().map((of) => of.name) : [];
    const known = options.map(({ shape }) => shape.__typename.value);
    expect(real).not.toEqual([]);
    expect(real.filter((member) => !known.includes(member))).toEqual([]);
  });

  test("has every field of the fake Dagster, with the same type", () => {
    const types = Object.values(fakeSchema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
    expect(types.flatMap((type) => listDifferences(type, schema.getType(type.name)))).toEqual([]);
  });
});

/** Members of the fake that the real schema lacks, or has with another type. */
function listDifferences(fake: GraphQLNamedType, real: GraphQLNamedType | undefined): string[] {
  if (real === undefined) return [`${fake.name} is no type`];
  const fakeMembers = toMembers(fake);
  const realMembers = toMembers(real);
  const differing = [...fakeMembers].filter(([member, type]) => realMembers.get(member) !== type);
  return differing.map(([member, type]) => `${fake.name}.${member} is ${realMembers.get(member)}, not ${type}`);
}

/** Fields and their arguments with their types, members of a union, values of an enum. */
function toMembers(type: GraphQLNamedType): Map<string, string> {
  if (isUnionType(type)) return new Map(type.getTypes().map(({ name }) => [name, "a member"]));
  if (isEnumType(type)) return new Map(type.getValues().map(({ name }) => [name, "a value"]));
  if (isObjectType(type) || isInterfaceType(type)) return new Map(Object.values(type.getFields()).flatMap(toOutput));
  if (isInputObjectType(type)) return new Map(Object.values(type.getFields()).map(toInput));
  return new Map();
}

function toOutput(field: GraphQLField<unknown, unknown>): [string, string][] {
  const inputs = field.args.map((argument): [string, string] => {
    const [name, type] = toInput(argument);
    return [`${field.name}(${name})`, type];
  });
  return [[field.name, String(field.type)], ...inputs];
}

function toInput({ name, type }: GraphQLArgument | GraphQLInputField): [string, string] {
  return [name, String(type)];
}
