import { createHash, randomBytes } from "node:crypto";
import { authentications, roleSchema } from "../platform/resource/caller.ts";
import { idField, instantField, timeField } from "../platform/resource/fields.ts";
import { idParameter, pageParameters } from "../platform/resource/paging.ts";
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
      .refine(isPrintable, "must have printable characters only"),
    role: roleSchema,
    expires_at: instantField
      .nullable()
      .default(null)
      .openapi({ type: ["string", "null"], format: "date-time" }),
  })
  .openapi("CreateToken");

/** As {@link createTokenSchema}. */
export type CreateToken = z.output<typeof createTokenSchema>;

/** A token in answers: never with its text. */
export const tokenSchema = z
  .object({
    id: idField,
    label: z.string(),
    role: roleSchema,
    expires_at: timeField.nullable(),
    last_used_at: timeField.nullable(),
    created: timeField,
    created_by: z.string(),
  })
  .openapi("Token");

/** As {@link tokenSchema}. */
export type Token = z.infer<typeof tokenSchema>;

/** The answer to a create, the only one with the text of the token. */
export const createdTokenSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: "Shown once: EOM keeps only its hash." }) })
  .openapi("CreatedToken");

/** As {@link createdTokenSchema}. */
export type CreatedToken = z.infer<typeof createdTokenSchema>;

/** The caller, as authentication identified it. */
export const meSchema = z
  .object({
    subject: z.string(),
    role: roleSchema,
    authentication: z.enum(authentications),
    on_behalf_of: z.string().nullable(),
  })
  .openapi("Me");

/** The parameters of the list of tokens. */
export const listTokensSchema = z.strictObject({
  ids: z.array(idParameter).max(100).optional(),
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
