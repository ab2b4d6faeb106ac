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
import { findContradiction } from "./contradictions.ts";
import { credentialSchema } from "./credential-schema.ts";
import { serverSideEncryptions } from "./s3/location.ts";
import { verificationReportSchema } from "./s3/report.ts";
import {
  bucketSchema,
  caCertificateSchema,
  endpointSchema,
  kmsKeyIdSchema,
  prefixSchema,
  regionSchema,
} from "./s3/validation.ts";

/** Collections that one storage can be bound to. The storage lists them all, so this bounds its size. */
export const maxCollections = 1000;

const resourceFields = {
  type: z.literal("s3"),
  endpoint: endpointSchema,
  region: regionSchema,
  bucket: bucketSchema,
  prefix: prefixSchema,
  path_style: z.boolean().openapi({
    description:
      "Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint>",
  }),
  read_only: z.boolean().openapi({ description: "Whether EOM only reads. A verification then writes nothing" }),
  ca_certificate: caCertificateSchema.nullable(),
  requester_pays: z.boolean().openapi({
    description:
      "Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands",
  }),
  server_side_encryption: z.enum(serverSideEncryptions).nullable().openapi({
    description:
      "The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds",
    example: "aws:kms",
  }),
  sse_kms_key_id: kmsKeyIdSchema.nullable(),
};

const nullableCredentialSchema = credentialSchema
  .nullable()
  .openapi({ description: "Signs the requests. null: requests are not signed, as for a public bucket" });

const createResourceFields = z.strictObject({
  type: resourceFields.type,
  endpoint: resourceFields.endpoint,
  region: resourceFields.region.default("us-east-1"),
  bucket: resourceFields.bucket,
  prefix: resourceFields.prefix.default(""),
  path_style: resourceFields.path_style.default(true),
  read_only: resourceFields.read_only.default(false),
  ca_certificate: resourceFields.ca_certificate.default(null),
  requester_pays: resourceFields.requester_pays.default(false),
  server_side_encryption: resourceFields.server_side_encryption.default(null),
  sse_kms_key_id: resourceFields.sse_kms_key_id.default(null),
  credential: nullableCredentialSchema,
});

const createResourceSchema = createResourceFields.superRefine((resource, context) => {
  const contradiction = findContradiction(resource, { isSigned: resource.credential !== null });
  if (contradiction === null) return;
  const { field, message } = contradiction;
  context.addIssue({ code: "custom", path: [field], message });
});

const collectionIdsField = z
  .array(z.uuid("must be a UUID"))
  .max(maxCollections, `must have at most ${maxCollections} collections`)
  .transform((ids) => [...new Set(ids.map((id) => id.toLowerCase()))]);

/** The body of a create. */
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

/** The body of a create with an optional name, so that a form can verify a connection before it is complete. */
export const verifyUnsavedSchema = z
  .strictObject({ ...createStorageSchema.shape, name: nameField.optional() })
  .openapi("VerifyStorage");

/** The body of an update: a field that is left out keeps its value, at every depth. */
export const updateStorageSchema = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    enable: z.boolean().optional(),
    active: z.boolean().optional().openapi({ deprecated: true, description: "Older name of enable." }),
    labels: labelsField.optional(),
    resource: z
      .strictObject({
        ...resourceFields,
        credential: nullableCredentialSchema.openapi({ description: "Replaces the whole credential." }),
      })
      .partial()
      .optional(),
    collection_ids: collectionIdsField.optional(),
  })
  .transform(({ active, ...update }, context) => {
    if (active === undefined) return update;
    if (update.enable !== undefined && update.enable !== active) {
      context.addIssue({
        code: "custom",
        path: ["active"],
        message: "is the older name of enable: send only one of them, or the same value in both",
      });
    }
    return { ...update, enable: active };
  })
  .openapi("UpdateStorage");

/** A parsed create. */
export type CreateStorage = z.output<typeof createStorageSchema>;

/** A parsed update; `active` has become `enable`. */
export type UpdateStorage = z.output<typeof updateStorageSchema>;

/** A parsed request to verify a connection that is not saved. */
export type VerifyUnsaved = z.output<typeof verifyUnsavedSchema>;

const verificationSchema = verificationReportSchema.extend({ checked_at: timeField }).openapi("Verification");

/** The last report about a storage, with the time of its checks. It is part of the storage. */
export type Verification = z.infer<typeof verificationSchema>;

/** The answer to a verify, whether the checks pass or fail. */
export const reportSchema = z.object(verificationReportSchema.shape).openapi("VerificationReport");

/** A storage as the API answers it: the access key id is shown, the secret half of the credential is not. */
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
      sse_kms_key_id: z.string().nullable(),
      credential: z
        .object({ access_key_id: z.string(), secret: z.literal("set") })
        .nullable()
        .openapi({ description: "null: requests are not signed" }),
    }),
    collection_ids: z.array(idField),
    verification: verificationSchema.nullable(),
    ...historyFields,
  })
  .openapi("Storage");

/** A storage as the API answers it. */
export type Storage = z.infer<typeof storageSchema>;

/** The objects that keep a storage from being deleted: `total` counts all, `dependants` lists the first hundred. */
export const dependantsSchema = z
  .object({
    total: z.int(),
    dependants: z.array(z.object({ kind: z.string(), id: z.string(), name: z.string().nullable() })),
  })
  .openapi("Dependants");

/** The objects that keep a storage from being deleted. */
export type Dependants = z.infer<typeof dependantsSchema>;

/** The fields that a list can be sorted by. */
export const storageSorts = ["name", "enable", "created", "modified"] as const;

const storageFilters = {
  ...objectFilters,
  collection_id: z.array(idParameter).max(100).optional(),
};

/** Query parameters of the list that filter it; the others page and sort it. */
export const storageFilterNames = Object.keys(storageFilters);

/** The query of the list. */
export const listStoragesSchema = z.strictObject({ ...storageFilters, ...pageParameters(storageSorts) });

/** A parsed query of the list. */
export type ListStorages = z.output<typeof listStoragesSchema>;
