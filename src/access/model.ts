import { createHash, randomBytes } from "node:crypto";
import { authentications, roleSchema } from "../platform/resource/caller.ts";
import { idField, instantField, timeField } from "../platform/resource/fields.ts";
import { idsParameter, pageParameters } from "../platform/resource/paging.ts";
import { isPrintable } from "../platform/resource/printable.ts";
import { z } from "../platform/resource/schema.ts";

/** By this prefix, people and secret scanners recognise a leaked token of EOM. */
const tokenPrefix = "eom_";
const tokenBytes = 32;

/** The body of a create. */
export const createTokenSchema = z
  .strictObject({
    // The subject in answers, logs and the audit trail.
    label: z
      .string()
      .trim()
      .min(1, "must have 1 to 100 characters, got none")
      .max(100, "must have at most 100 characters")
      .refine(isPrintable, "must have printable characters only")
      .openapi({
        description: "The caller's name in answers, logs and the audit trail. Several tokens may have the same.",
        example: "billing service",
      }),
    role: roleSchema,
    expires_at: instantField
      .nullable()
      .default(null)
      .openapi({
        type: ["string", "null"],
        format: "date-time",
        description: "From this time on, a time in the future, the token is refused. Null: it does not expire.",
      }),
  })
  .openapi("CreateToken", {
    description: "A new token for a program.",
    example: { label: "billing service", role: "meter", expires_at: "2027-11-30T00:00:00.000Z" },
  });

/** As {@link createTokenSchema}. */
export type CreateToken = z.output<typeof createTokenSchema>;

/** A token in answers: never with its text. */
export const tokenSchema = z
  .object({
    id: idField,
    label: z.string().openapi({
      description: "The caller's name in answers, logs and the audit trail.",
      example: "billing service",
    }),
    role: roleSchema,
    expires_at: timeField.nullable().describe("From this time on the token is refused. Null: it does not expire."),
    last_used_at: timeField
      .nullable()
      .describe("When a request last had this token, to the minute. Null if none had it yet."),
    created: timeField.describe("When the token was created."),
    created_by: z.string().openapi({ description: "The caller that created the token.", example: "alice" }),
  })
  .openapi("Token", { description: "A token of EOM, without its text." });

/** As {@link tokenSchema}. */
export type Token = z.infer<typeof tokenSchema>;

/** The answer to a create, the only one with the text of the token. */
export const createdTokenSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: "Shown once: EOM keeps only its hash." }) })
  .openapi("CreatedToken", { description: "A new token with its text, which no other answer shows." });

/** As {@link createdTokenSchema}. */
export type CreatedToken = z.infer<typeof createdTokenSchema>;

/** The caller, as authentication identified it. */
export const meSchema = z
  .object({
    subject: z.string().openapi({
      description: "The caller's name in answers, logs and the audit trail.",
      example: "billing service",
    }),
    role: roleSchema,
    authentication: z.enum(authentications).openapi({
      description:
        "How the caller was identified: by a token of EOM, by an identity provider (oidc), by a gateway, or not at all (none).",
      example: "token",
    }),
    on_behalf_of: z.string().nullable().openapi({
      description:
        "The user that the request named in a header such as X-User-Id: it labels the audit trail and gives no right. Null if it named none.",
      example: "user123",
    }),
  })
  .openapi("Me", { description: "The caller, as authentication identified it." });

/** The parameters of the list of tokens. */
export const listTokensSchema = z.strictObject({
  ids: idsParameter,
  ...pageParameters(["created"]),
});

/** As {@link listTokensSchema}. */
export type ListTokens = z.output<typeof listTokensSchema>;

/** A new token: `eom_` and 256 random bits. */
export function createTokenText(): string {
  return tokenPrefix + randomBytes(tokenBytes).toString("base64url");
}

/** SHA-256: 256 random bits cannot be guessed, so they need neither a salt nor a slow hash. */
export function hashToken(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
