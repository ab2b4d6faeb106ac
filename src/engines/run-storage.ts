import type { RunStorage } from "../kinds/kind.ts";
import type { S3Location } from "../storages/s3/location.ts";
import type { RunError } from "./engine.ts";

/** A storage as a run may see it, or why the run cannot have it. */
export type StorageForRun =
  | {
      readonly outcome: "ready";
      readonly location: S3Location;
      readonly credentialRef: string | null;
      readonly name: string;
    }
  | { readonly outcome: "disabled" };

/** The part of the storages room that the scheduler needs. compose/ connects the two. */
export interface StoragesForRuns {
  /** Storages by id. An id that does not exist is not in the map. */
  findStoragesForRuns(storageIds: readonly string[]): Promise<ReadonlyMap<string, StorageForRun>>;
}

/** The storage for the run config, or the error for which the session is not launched. */
export function toRunStorage(id: string, storage: StorageForRun | undefined): RunStorage | RunError {
  switch (storage?.outcome) {
    case "ready":
      return { id, name: storage.name, location: storage.location, credentialRef: storage.credentialRef };
    case "disabled":
      return { code: "STORAGE_DISABLED", message: `The storage ${id} is disabled: nothing was launched`, step: null };
    case undefined:
      return { code: "STORAGE_MISSING", message: `The storage ${id} does not exist: nothing was launched`, step: null };
    default:
      return storage satisfies never;
  }
}
