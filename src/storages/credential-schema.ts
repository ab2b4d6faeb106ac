import { z } from "../platform/resource/schema.ts";
import type { S3Credential } from "./s3/location.ts";

const maxKeyLength = 512;

const keyField = z
  .string()
  .min(1, `must have 1 to ${maxKeyLength} characters, not none`)
  .max(maxKeyLength, `must have at most ${maxKeyLength} characters`);

/** The credential in a request. Each of the two keys may come under its older name, but not under both names. */
export const credentialSchema = z
  .strictObject({
    access_key_id: keyField.optional(),
    access_key: keyField.optional().openapi({ deprecated: true, description: "Older name of access_key_id." }),
    secret_access_key: keyField.optional().openapi({ writeOnly: true }),
    secret_key: keyField
      .optional()
      .openapi({ deprecated: true, writeOnly: true, description: "Older name of secret_access_key." }),
    session_token: z.string().min(1).max(8192).optional().openapi({ writeOnly: true }),
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
  });
