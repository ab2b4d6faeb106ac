import { answerChange } from "../platform/http/answer-change.ts";
import { noContent } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { booleanParameter, pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  createStorageSchema,
  dependantsSchema,
  listStoragesSchema,
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
const none = z.strictObject({});
const storageParams = z.object({ StorageId: z.string() });
const collectionParams = z.object({
  StorageId: z.string(),
  CollectionId: z.uuid("wants a UUID").transform((id) => id.toLowerCase()),
});
const saveParameters = z.strictObject({
  verify: booleanParameter
    .optional()
    .openapi({ type: "boolean", description: "Prove the connection before it is saved." }),
  allow_overlap: booleanParameter.default(false).openapi({ type: "boolean", default: false }),
});
const storageAnswer = { description: "The storage", schema: storageSchema };
const reportAnswer = { description: "What was found, whatever it is", schema: reportSchema };

/** The storage part of the HTTP contract. */
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
        params: none,
        query: listStoragesSchema,
        filters: storageFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(storageSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(query),
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
        summary: "Register a storage, proving its connection first",
        role: "admin",
        params: none,
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
        summary: "Prove a connection that is not saved",
        role: "admin",
        params: none,
        query: none,
        body: verifyUnsavedSchema,
        answers: { 200: reportAnswer },
        failures: [],
      },
      async ({ body, signal }) => ({ status: 200, body: await service.verifyUnsaved(body, signal) }),
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
        query: none,
        answers: { 200: storageAnswer },
        failures: ["STORAGE_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => toFound(await service.find(params.StorageId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{StorageId}`,
        operationId: "updateStorage",
        tag,
        summary: "Change some fields of a storage",
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
        answerChange(input, toFound, (change) =>
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
        query: none,
        answers: { 204: { description: "It is gone", schema: null } },
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
        summary: "Prove a saved storage with its kept credential",
        role: "admin",
        params: storageParams,
        query: none,
        answers: { 200: reportAnswer },
        failures: ["STORAGE_NOT_FOUND", "SECRET_STORE_UNAVAILABLE"],
      },
      async ({ params, signal }) => ({ status: 200, body: await service.verify(params.StorageId, signal) }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{StorageId}/dependants`,
        operationId: "listStorageDependants",
        tag,
        summary: "What would stop a delete",
        role: "viewer",
        params: storageParams,
        query: none,
        answers: { 200: { description: "How many, and the first hundred", schema: dependantsSchema } },
        failures: ["STORAGE_NOT_FOUND"],
      },
      async ({ params }) => ({ status: 200, body: await service.dependantsOf(params.StorageId) }),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{StorageId}/collections/{CollectionId}`,
        operationId: "bindCollection",
        tag,
        summary: "Bind a collection to a storage",
        role: "admin",
        params: collectionParams,
        query: none,
        answers: { 200: storageAnswer },
        failures: ["STORAGE_NOT_FOUND"],
      },
      (input) => answerChange(input, toFound, (change) => service.bindCollection(input.params, true, change)),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{StorageId}/collections/{CollectionId}`,
        operationId: "unbindCollection",
        tag,
        summary: "Unbind a collection from a storage",
        role: "admin",
        params: collectionParams,
        query: none,
        answers: { 204: { description: "It is not bound", schema: null } },
        failures: ["STORAGE_NOT_FOUND"],
      },
      (input) => answerChange(input, noContent, (change) => service.bindCollection(input.params, false, change)),
    ),
  ];
}

function toSaveOptions({ query }: { readonly query: z.output<typeof saveParameters> }): SaveOptions {
  return { verify: query.verify, allowOverlap: query.allow_overlap };
}

function toFound(storage: Storage): Answer {
  return { status: 200, body: storage, version: storage.version };
}

function toCreated(storage: Storage): Answer {
  return { status: 201, body: storage, version: storage.version, headers: { location: `${base}/${storage.id}` } };
}

function toSortKey(row: StorageRow, sortby: "name" | "enable" | "created" | "modified") {
  switch (sortby) {
    case "name":
      return { value: row.name_key, id: row.id };
    case "enable":
      return { value: String(row.enable), id: row.id };
    default:
      return { value: row[sortby].toISOString(), id: row.id };
  }
}
