import { z } from "../platform/resource/schema.ts";
import { parseAccessKeyId, parseSecretAccessKey, parseSessionToken } from "./s3/credential-text.ts";
import type { S3Credential } from "./s3/location.ts";
import type { Normalised } from "./s3/validation.ts";

const maxKeyLength = 512;

const keyField = z
  .string()
  .min(1, `must have 1 to ${maxKeyLength} characters, not none`)
  .max(maxKeyLength, `must have at most ${maxKeyLength} characters`);

const accessKeyField = keyField.check(withoutProblem(parseAccessKeyId));

const secretKeyField = keyField.check(withoutProblem(parseSecretAccessKey));

const sessionTokenField = z.string().min(1).max(8192).check(withoutProblem(parseSessionToken));

/** A check of the field by the rule of requests. Text that no request can carry would come back as a fault of the server. */
function withoutProblem(parse: (text: string) => Normalised) {
  return z.check<string>(({ value, issues }) => {
    const result = parse(value);
    if ("problem" in result) issues.push({ code: "custom", message: result.problem, input: value });
  });
}

/** The credential in a request. Each of the two keys may come under its older name, but not under both names. */
export const credentialSchema = z
  .strictObject({
    access_key_id: accessKeyField.optional().openapi({
      description: "The public half of the credential, which answers show.",
      example: "AKIAIOSFODNN7EXAMPLE",
    }),
    access_key: accessKeyField.optional().openapi({ deprecated: true, description: "Older name of access_key_id." }),
    secret_access_key: secretKeyField
      .optional()
      .openapi({ writeOnly: true, description: "The secret half of the credential, which no answer shows." }),
    secret_key: secretKeyField
      .optional()
      .openapi({ deprecated: true, writeOnly: true, description: "Older name of secret_access_key." }),
    session_token: sessionTokenField.optional().openapi({
      writeOnly: true,
      description: "The token of a temporary credential, which no answer shows. Absent for a permanent one.",
    }),
  })
  .transform((given, context): S3Credential => {
    const pick = (name: "access_key_id" | "secret_access_key", older: "access_key" | "secret_key"): string => {
      if (given[name] !== undefined && given[older] !== undefined) {
        context.addIssue({
          code: "custom",
          path: [older],
          message: `is the older name of ${name}: send only one of them`,
        });
      }
      const value = given[name] ?? given[older];
      if (value === undefined) context.addIssue({ code: "custom", path: [name], message: "is required" });
      return value ?? "";
    };
    return {
      access_key_id: pick("access_key_id", "access_key"),
      secret_access_key: pick("secret_access_key", "secret_key"),
      ...(given.session_token === undefined ? {} : { session_token: given.session_token }),
    };
  })
  .openapi("S3Credential", {
    description: "Signs the requests to the S3 server. Both keys are required, each under one of its two names.",
  });
