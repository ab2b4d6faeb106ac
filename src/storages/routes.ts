import { answerChange } from "../platform/http/answer-change.ts";
import { created, noContent, ok } from "../platform/http/answers.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { pathId } from "../platform/resource/fields.ts";
import { booleanParameter, pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  createStorageSchema,
  dependantsSchema,
  type ListStorages,
  listStoragesSchema,
  maxCollections,
  reportSchema,
  type Storage,
  storageFilterNames,
  storageSchema,
  updateStorageSchema,
  verifyUnsavedSchema,
} from "./model.ts";
import type { StorageRow } from "./queries.ts";
import { toStorage } from "./representation.ts";
import type { SaveOptions, StorageService } from "./service.ts";

const base = "/eom/admin/storages";
const tag = "storages";
const storageParams = z.object({ StorageId: pathId("storage") });
const collectionParams = z.object({
  StorageId: pathId("storage"),
  CollectionId: pathId("collection"),
});
const saveParameters = z.strictObject({
  verify: booleanParameter.optional().openapi({
    type: "boolean",
    description:
      "Whether to verify the connection before it is saved. Unset: as the variable EOM_STORAGE_VERIFY of the server says.",
  }),
  allow_overlap: booleanParameter.default(false).openapi({
    type: "boolean",
    default: false,
    description: "Whether the location may overlap with those of other storages.",
  }),
});
const storageAnswer = { description: "The storage", schema: storageSchema };
const reportAnswer = { description: "The report, whether the checks pass or fail", schema: reportSchema };

/** The routes of storages. */
export function createStorageRoutes(service: StorageService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listStorages",
        tag,
        summary: "List storages",
        role: "viewer",
        query: listStoragesSchema,
        filters: storageFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(storageSchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(query, parsePageStart(query, cursors)),
          toItem: toStorage,
          toKey: (row) => toSortKey(row, query.sortby),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: base,
        operationId: "createStorage",
        tag,
        summary: "Register a storage and verify its connection first",
        description:
          "A connection that fails its verification is not saved: S3_CONNECTION_FAILED has the report. The verification lists keys, and writes, reads and deletes a small object, within 10 seconds.",
        role: "admin",
        query: saveParameters,
        body: createStorageSchema,
        answers: { 201: storageAnswer },
        failures: [
          "STORAGE_NAME_CONFLICT",
          "STORAGE_LOCATION_CONFLICT",
          "S3_CONNECTION_FAILED",
          "SECRET_STORE_UNAVAILABLE",
        ],
        idempotent: true,
      },
      (input) =>
        answerChange(input, toCreated, (change) =>
          service.create(input.body, toSaveOptions(input), { ...change, signal: input.signal }),
        ),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/verify`,
        operationId: "verifyUnsavedStorage",
        tag,
        summary: "Verify a connection without saving it",
        description:
          "Lists keys, and writes, reads and deletes a small object, within 10 seconds. Nothing is saved in EOM.",
        role: "admin",
        body: verifyUnsavedSchema,
        answers: { 200: reportAnswer },
        failures: [],
      },
      async ({ body, signal }) => ok(await service.verifyUnsaved(body, signal)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{StorageId}`,
        operationId: "getStorage",
        tag,
        summary: "Read a storage",
        role: "viewer",
        params: storageParams,
        answers: { 200: storageAnswer },
        failures: ["STORAGE_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => ok(await service.find(params.StorageId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{StorageId}`,
        operationId: "updateStorage",
        tag,
        summary: "Change some fields of a storage",
        description:
          "Fields that are left out stay as they are, at every depth; an empty object changes nothing but the version. A change of `resource` is verified as by a create. A stored credential is not sent to another server: a change of the endpoint needs the credential again.",
        role: "admin",
        params: storageParams,
        query: saveParameters,
        body: updateStorageSchema,
        answers: { 200: storageAnswer },
        failures: [
          "STORAGE_NOT_FOUND",
          "STORAGE_NAME_CONFLICT",
          "STORAGE_LOCATION_CONFLICT",
          "S3_CONNECTION_FAILED",
          "SECRET_STORE_UNAVAILABLE",
        ],
        versioned: true,
      },
      (input) =>
        answerChange(input, ok<Storage>, (change) =>
          service.update(input.params.StorageId, input.body, toSaveOptions(input), input.ifMatch, {
            ...change,
            signal: input.signal,
          }),
        ),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{StorageId}`,
        operationId: "deleteStorage",
        tag,
        summary: "Delete a storage that nothing uses",
        role: "admin",
        params: storageParams,
        answers: { 204: { description: "The storage is deleted", schema: null } },
        failures: ["STORAGE_NOT_FOUND", "STORAGE_IN_USE"],
        versioned: true,
      },
      (input) =>
        answerChange(input, noContent, (change) => service.remove(input.params.StorageId, input.ifMatch, change)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{StorageId}/verify`,
        operationId: "verifyStorage",
        tag,
        summary: "Verify a saved storage with its stored credential",
        description:
          "The report becomes the storage's `verification`, which is a new version, unless the storage changed meanwhile.",
        role: "admin",
        params: storageParams,
        answers: { 200: reportAnswer },
        failures: ["STORAGE_NOT_FOUND", "SECRET_STORE_UNAVAILABLE"],
      },
      async ({ params, signal }) => ok(await service.verify(params.StorageId, signal)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{StorageId}/dependants`,
        operationId: "listStorageDependants",
        tag,
        summary: "List the objects that keep a storage from being deleted",
        role: "viewer",
        params: storageParams,
        answers: { 200: { description: "The number of all, and the first hundred", schema: dependantsSchema } },
        failures: ["STORAGE_NOT_FOUND"],
      },
      async ({ params }) => ok(await service.dependantsOf(params.StorageId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{StorageId}/collections/{CollectionId}`,
        operationId: "bindCollection",
        tag,
        summary: "Bind a collection to a storage",
        description: `Answers with the storage, unchanged if the collection is bound already. A storage has at most ${maxCollections} collections; one collection may be bound to several storages.`,
        role: "admin",
        params: collectionParams,
        answers: { 200: storageAnswer },
        failures: ["STORAGE_NOT_FOUND", "COLLECTION_NOT_FOUND"],
      },
      (input) => answerChange(input, ok<Storage>, (change) => service.bindCollection(input.params, change)),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{StorageId}/collections/{CollectionId}`,
        operationId: "unbindCollection",
        tag,
        summary: "Unbind a collection from a storage",
        description: "Changes nothing if the collection is not bound.",
        role: "admin",
        params: collectionParams,
        answers: { 204: { description: "The collection is not bound", schema: null } },
        failures: ["STORAGE_NOT_FOUND", "COLLECTION_NOT_FOUND"],
      },
      (input) => answerChange(input, noContent, (change) => service.unbindCollection(input.params, change)),
    ),
  ];
}

function toSaveOptions({ query }: { readonly query: z.output<typeof saveParameters> }): SaveOptions {
  return { verify: query.verify, allowOverlap: query.allow_overlap };
}

function toCreated(storage: Storage) {
  return created(`${base}/${storage.id}`, storage);
}

function toSortKey(row: StorageRow, sortby: ListStorages["sortby"]) {
  switch (sortby) {
    case "name":
      return { value: row.name_key, id: row.id };
    case "enable":
      return { value: String(row.enable), id: row.id };
    default:
      return { value: row[sortby].toISOString(), id: row.id };
  }
}
