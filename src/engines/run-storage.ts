import type { RunStorage } from "../kinds/kind.ts";
import type { S3Location } from "../storages/s3/location.ts";
import type { RunError } from "./engine.ts";

/** What a run may know of a storage, or why it cannot have it. */
export type StorageForRun =
  | {
      readonly outcome: "ready";
      readonly location: S3Location;
      readonly credentialRef: string;
      readonly name: string;
    }
  | { readonly outcome: "disabled" };

/** What the scheduler asks of the storage room; compose.ts brings the two together. */
export interface StoragesForRuns {
  /** By id; those that do not exist are not in the answer. */
  findStoragesForRuns(storageIds: readonly string[]): Promise<ReadonlyMap<string, StorageForRun>>;
}

/** What the run is told, or why it is not launched. */
export function toRunStorage(id: string, found: StorageForRun | undefined): RunStorage | RunError {
  switch (found?.outcome) {
    case "ready":
      return { id, name: found.name, location: found.location, credentialRef: found.credentialRef };
    case "disabled":
      return { code: "STORAGE_DISABLED", message: `The storage ${id} is disabled: nothing was launched`, step: null };
    case undefined:
      return { code: "STORAGE_MISSING", message: `The storage ${id} does not exist: nothing was launched`, step: null };
    default:
      return found satisfies never;
  }
}
