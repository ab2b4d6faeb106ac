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

const caDescription =
  "PEM of the certificate authorities to trust instead of the public ones, at most 64 KiB. Null: the public ones are trusted.";

const enableField = z
  .boolean()
  .describe("Whether the storage may be used: sessions on a disabled storage fail before their run starts.");

const resourceFields = {
  type: z.literal("s3").describe("The kind of place; s3 is the only one."),
  endpoint: endpointSchema,
  region: regionSchema,
  bucket: bucketSchema,
  prefix: prefixSchema,
  path_style: z.boolean().openapi({
    description:
      "Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint>.",
  }),
  read_only: z.boolean().openapi({ description: "Whether EOM only reads. A verification then writes nothing." }),
  ca_certificate: caCertificateSchema.nullable().describe(caDescription),
  requester_pays: z.boolean().openapi({
    description:
      "Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands.",
  }),
  server_side_encryption: z.enum(serverSideEncryptions).nullable().openapi({
    description:
      "The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds.",
    example: "aws:kms",
  }),
  sse_kms_key_id: kmsKeyIdSchema.nullable(),
};

const nullableCredentialSchema = credentialSchema
  .nullable()
  .openapi({ description: "Signs the requests. null: requests are not signed, as for a public bucket." });

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

const createResourceSchema = createResourceFields
  .superRefine((resource, context) => {
    const contradiction = findContradiction(resource, { isSigned: resource.credential !== null });
    if (contradiction === null) return;
    const { field, message } = contradiction;
    context.addIssue({ code: "custom", path: [field], message });
  })
  .openapi("CreateS3Resource", { description: "Where the objects lie, and how EOM gets at them." });

const collectionIdsField = z
  .array(z.uuid("must be a UUID"))
  .max(maxCollections, `must have at most ${maxCollections} collections`)
  .transform((ids) => [...new Set(ids.map((id) => id.toLowerCase()))])
  .openapi({
    description: "The collections that are bound to the storage, by the ids that they have on the platform.",
    example: ["3f2a1c9e-7d54-4a1b-9c3d-0a1b2c3d4e5f"],
  });

const exampleStorage = {
  name: "scenes-eu",
  labels: { team: "eu" },
  resource: {
    type: "s3",
    endpoint: "https://s3.example.org",
    bucket: "scenes",
    prefix: "2026/",
    credential: {
      access_key_id: "AKIAIOSFODNN7EXAMPLE",
      secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    },
  },
};

/** The body of a create. */
export const createStorageSchema = z
  .strictObject({
    name: nameField,
    description: descriptionField.default(null),
    enable: enableField.default(true),
    labels: labelsField.default({}),
    resource: createResourceSchema,
    collection_ids: collectionIdsField.default([]),
  })
  .openapi("CreateStorage", { description: "A new storage.", example: exampleStorage });

/** The body of a create with an optional name, so that a form can verify a connection before it is complete. */
export const verifyUnsavedSchema = z
  .strictObject({ ...createStorageSchema.shape, name: nameField.optional() })
  .openapi("VerifyStorage", {
    description: "A storage that is not saved yet: of its fields only `resource` is needed.",
    example: { resource: exampleStorage.resource },
  });

/** The body of an update: a field that is left out keeps its value, at every depth. */
export const updateStorageSchema = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    enable: enableField.optional(),
    active: z.boolean().optional().openapi({ deprecated: true, description: "Older name of enable." }),
    labels: labelsField.optional(),
    resource: z
      .strictObject({
        ...resourceFields,
        credential: nullableCredentialSchema.openapi({
          description: "Replaces the whole credential. Null: requests are not signed from now on.",
        }),
      })
      .partial()
      .openapi("S3ResourceChange", {
        description: "The fields of the resource that change; the others stay as they are, the credential too.",
      })
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
  .openapi("UpdateStorage", {
    description: "The fields of a storage that change; the others stay as they are, at every depth.",
    example: { description: "Scenes of 2026.", resource: { prefix: "2026/" } },
  });

/** A parsed create. */
export type CreateStorage = z.output<typeof createStorageSchema>;

/** A parsed update; `active` has become `enable`. */
export type UpdateStorage = z.output<typeof updateStorageSchema>;

/** A parsed request to verify a connection that is not saved. */
export type VerifyUnsaved = z.output<typeof verifyUnsavedSchema>;

const verificationSchema = verificationReportSchema
  .extend({ checked_at: timeField.describe("When the checks were made.") })
  .openapi("Verification", { description: "The last report about the connection of a storage." });

/** The last report about a storage, with the time of its checks. It is part of the storage. */
export type Verification = z.infer<typeof verificationSchema>;

/** The answer to a verify, whether the checks pass or fail. */
export const reportSchema = z
  .object(verificationReportSchema.shape)
  .openapi("VerificationReport", { description: "Whether a connection works, check by check." });

/** A storage as the API answers it: the access key id is shown, the secret half of the credential is not. */
export const storageSchema = z
  .object({
    id: idField,
    name: z.string().openapi({
      description: "Unique among storages without regard to case.",
      example: "scenes-eu",
    }),
    description: z.string().nullable().describe("Free text for people; null if there is none."),
    enable: enableField,
    labels: labelsField,
    resource: z
      .object({
        ...resourceFields,
        endpoint: z.string().openapi({
          description: "URL of the S3 server: its origin and path, in lower case, without the default port.",
          example: "https://s3.example.org",
        }),
        region: z.string().openapi({ description: "Region that requests are signed for.", example: "eu-central-1" }),
        bucket: z.string().openapi({
          description: "Name of the bucket; of a tenant's bucket in Ceph with the tenant, as tenant:bucket.",
          example: "scenes",
        }),
        prefix: z.string().openapi({
          description: "Prefix of the storage's keys in the bucket: empty, or with a slash at its end.",
          example: "2026/",
        }),
        ca_certificate: z.string().nullable().describe(caDescription),
        sse_kms_key_id: z
          .string()
          .nullable()
          .describe(
            "Id, alias or ARN of the key for aws:kms and aws:kms:dsse. Null: the default key of the key service.",
          ),
        credential: z
          .object({
            access_key_id: z.string().openapi({
              description: "The public half of the credential.",
              example: "AKIAIOSFODNN7EXAMPLE",
            }),
            secret: z.literal("set").describe("Stands for the secret half, which is never shown."),
          })
          .openapi("S3CredentialShown", { description: "A credential without its secret half." })
          .nullable()
          .openapi({ description: "Signs the requests. Null: requests are not signed." }),
      })
      .openapi("S3Resource", { description: "Where the objects lie, and how EOM gets at them." }),
    collection_ids: z
      .array(idField.describe("The id of a collection."))
      .describe("The collections that are bound to the storage, by the ids that they have on the platform."),
    verification: verificationSchema
      .nullable()
      .openapi({ description: "The last report about the connection. Null if it was never verified." }),
    ...historyFields,
  })
  .openapi("Storage", { description: "A place where data lies: part of an S3 bucket, with its credential." });

/** A storage as the API answers it. */
export type Storage = z.infer<typeof storageSchema>;

const dependantSchema = z
  .object({
    kind: z
      .string()
      .openapi({ description: "The kind of the dependant: collection or schedule.", example: "schedule" }),
    id: z.string().openapi({
      description: "The id of the dependant.",
      example: "01a22d55-0769-76ce-9cb1-5fef819015ca",
    }),
    name: z.string().nullable().openapi({
      description: "The name of the dependant. Null for a collection, whose name EOM does not know.",
      example: "hourly scenes",
    }),
  })
  .openapi("Dependant", { description: "An object that keeps another one from being deleted." });

/** The objects that keep a storage from being deleted: `total` counts all, `dependants` lists the first hundred. */
export const dependantsSchema = z
  .object({
    total: z.int().openapi({ description: "The number of all dependants.", example: 1 }),
    dependants: z.array(dependantSchema).describe("The first hundred of them, by kind."),
  })
  .openapi("DependantList", { description: "The objects that keep an object from being deleted." });

/** The objects that keep a storage from being deleted. */
export type Dependants = z.infer<typeof dependantsSchema>;

/** The fields that a list can be sorted by. */
export const storageSorts = ["name", "enable", "created", "modified"] as const;

const storageFilters = {
  ...objectFilters,
  collection_id: z
    .array(idParameter)
    .max(100)
    .optional()
    .describe("Only storages to which one of these collections is bound."),
};

/** Query parameters of the list that filter it; the others page and sort it. */
export const storageFilterNames = Object.keys(storageFilters);

/** The query of the list. */
export const listStoragesSchema = z.strictObject({ ...storageFilters, ...pageParameters(storageSorts) });

/** A parsed query of the list. */
export type ListStorages = z.output<typeof listStoragesSchema>;
