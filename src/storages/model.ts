import {
  descriptionField,
  historyFields,
  idField,
  labelsField,
  nameField,
  timeField,
} from "../platform/resource/fields.ts";
import { idParameter, objectFilters, pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import type { S3Credential, S3Location } from "./s3/location.ts";
import { checkSchema, verificationReportSchema } from "./s3/report.ts";
import { bucketSchema, caCertificateSchema, endpointSchema, prefixSchema, regionSchema } from "./s3/validation.ts";

/** So that the object, which lists them, stays of a bounded size. */
export const maxCollections = 1000;

const maxKeyLength = 512;
const keyField = z
  .string()
  .min(1, "wants 1 to 512 characters, got none")
  .max(maxKeyLength, "wants at most 512 characters");

/** The older names `access_key` and `secret_key` are taken too; each of the two is wanted once. */
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
        context.addIssue({ code: "custom", path: [older], message: `is another name of ${name}: give one of them` });
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

const resourceFields = {
  type: z.literal("s3"),
  endpoint: endpointSchema,
  region: regionSchema,
  bucket: bucketSchema,
  prefix: prefixSchema,
  path_style: z.boolean(),
  read_only: z.boolean(),
  ca_certificate: caCertificateSchema.nullable(),
};

const createResourceSchema = z.strictObject({
  type: resourceFields.type,
  endpoint: resourceFields.endpoint,
  region: resourceFields.region.default("us-east-1"),
  bucket: resourceFields.bucket,
  prefix: resourceFields.prefix.default(""),
  path_style: resourceFields.path_style.default(true),
  read_only: resourceFields.read_only.default(false),
  ca_certificate: resourceFields.ca_certificate.default(null),
  credential: credentialSchema,
});

const collectionIdsField = z
  .array(z.uuid("wants a UUID"))
  .max(maxCollections, `wants at most ${maxCollections} collections`)
  .transform((ids) => [...new Set(ids.map((id) => id.toLowerCase()))]);

export const createStorageSchema = z
  .strictObject({
    name: nameField,
    description: descriptionField.default(null),
    enable: z.boolean().default(true),
    labels: labelsField.default({}),
    resource: createResourceSchema,
    collection_ids: collectionIdsField.default([]),
  })
  .openapi("CreateStorage");

/** The body of a create, with the name optional: so a form can be proved before it is complete. */
export const verifyUnsavedSchema = z
  .strictObject({ ...createStorageSchema.shape, name: nameField.optional() })
  .openapi("VerifyStorage");

export const updateStorageSchema = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    enable: z.boolean().optional(),
    active: z.boolean().optional().openapi({ deprecated: true, description: "Older name of enable." }),
    labels: labelsField.optional(),
    resource: z
      .strictObject({ ...resourceFields, credential: credentialSchema })
      .partial()
      .optional(),
    collection_ids: collectionIdsField.optional(),
  })
  .transform(({ active, ...update }, context) => {
    if (active === undefined) return update;
    if (update.enable !== undefined && update.enable !== active) {
      context.addIssue({ code: "custom", path: ["active"], message: "is another name of enable, and they differ" });
    }
    return { ...update, enable: active };
  })
  .openapi("UpdateStorage");

export type CreateStorage = z.output<typeof createStorageSchema>;
export type UpdateStorage = z.output<typeof updateStorageSchema>;
export type VerifyUnsaved = z.output<typeof verifyUnsavedSchema>;

const verificationSchema = verificationReportSchema.extend({ checked_at: timeField }).openapi("Verification");

export type Verification = z.infer<typeof verificationSchema>;

/** What a verify answers, whatever it finds. */
export const reportSchema = z
  .object({ status: z.enum(["PASS", "FAIL", "WARN"]), checks: z.array(checkSchema) })
  .openapi("VerificationReport");

export const storageSchema = z
  .object({
    id: idField,
    name: z.string(),
    description: z.string().nullable(),
    enable: z.boolean(),
    labels: z.record(z.string(), z.string()),
    resource: z.object({
      ...resourceFields,
      endpoint: z.string(),
      region: z.string(),
      bucket: z.string(),
      prefix: z.string(),
      ca_certificate: z.string().nullable(),
      credential: z.object({ access_key_id: z.string(), secret: z.literal("set") }),
    }),
    collection_ids: z.array(idField),
    verification: verificationSchema.nullable(),
    ...historyFields,
  })
  .openapi("Storage");

export type Storage = z.infer<typeof storageSchema>;

export const dependantsSchema = z
  .object({
    total: z.int(),
    dependants: z.array(z.object({ kind: z.string(), id: z.string(), name: z.string().nullable() })),
  })
  .openapi("Dependants");

export type Dependants = z.infer<typeof dependantsSchema>;

export const storageSorts = ["name", "enable", "created", "modified"] as const;

const storageFilters = {
  ...objectFilters,
  collection_id: z.array(idParameter).max(100).optional(),
};

export const storageFilterNames = Object.keys(storageFilters);

export const listStoragesSchema = z.strictObject({ ...storageFilters, ...pageParameters(storageSorts) });

export type ListStorages = z.output<typeof listStoragesSchema>;

/** The part of a storage that a connection is made of; when it changes, it is to be proved again. */
export function toLocation(resource: S3Location): S3Location {
  const { endpoint, region, bucket, prefix, path_style, read_only, ca_certificate } = resource;
  return { endpoint, region, bucket, prefix, path_style, read_only, ca_certificate };
}

/** A credential is sent to a host; to another host it must be given again. A changed port is a changed host. */
export function isOtherHost(before: string, after: string): boolean {
  return toHost(before) !== toHost(after);
}

function toHost(endpoint: string): string {
  const url = new URL(endpoint);
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}

/** Every prefix that holds this one: of `a/b/` they are the empty one, `a/` and itself. */
export function listEnclosingPrefixes(prefix: string): string[] {
  const steps = prefix.split("/").slice(0, -1);
  return ["", ...steps.map((_, depth) => `${steps.slice(0, depth + 1).join("/")}/`)];
}
