import { createHash, randomBytes } from "node:crypto";
import { isPrintable } from "../platform/http/request-context.ts";
import { roleSchema } from "../platform/resource/caller.ts";
import { idField, instantField, timeField } from "../platform/resource/fields.ts";
import { idParameter, pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";

/** Tells leaked tokens of EOM from other strings, to people and to secret scanners. */
const tokenPrefix = "eom_";
const tokenBytes = 32;

export const createTokenSchema = z
  .strictObject({
    // It stands as the subject in answers, logs and the trail.
    label: z
      .string()
      .trim()
      .min(1, "wants 1 to 100 characters, got none")
      .max(100, "wants at most 100 characters")
      .refine(isPrintable, "wants printable characters alone"),
    role: roleSchema,
    expires_at: instantField
      .nullable()
      .default(null)
      .openapi({ type: ["string", "null"], format: "date-time" }),
  })
  .openapi("CreateToken");

export type CreateToken = z.output<typeof createTokenSchema>;

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

export type Token = z.infer<typeof tokenSchema>;

/** The only answer that ever holds the token. */
export const createdTokenSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: "Shown once: it is kept as a hash." }) })
  .openapi("CreatedToken");

export type CreatedToken = z.infer<typeof createdTokenSchema>;

export const meSchema = z
  .object({
    subject: z.string(),
    role: roleSchema,
    authentication: z.enum(["token", "oidc", "gateway", "none"]),
    on_behalf_of: z.string().nullable(),
  })
  .openapi("Me");

export const listTokensSchema = z.strictObject({
  ids: z.array(idParameter).max(100).optional(),
  ...pageParameters(["created"]),
});

export type ListTokens = z.output<typeof listTokensSchema>;

export function createTokenText(): string {
  return tokenPrefix + randomBytes(tokenBytes).toString("base64url");
}

/** 256 random bits need no salt and no slow hash: there is nothing to guess. */
export function hashToken(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
