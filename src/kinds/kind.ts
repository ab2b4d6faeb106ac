import type { z } from "zod";
import type { S3Location } from "../storages/s3/location.ts";

/** What a run is told about the storage that it works on: never its secret, only where the secret store keeps it. */
export interface RunStorage {
  readonly id: string;
  readonly name: string;
  readonly location: S3Location;
  readonly credentialRef: string;
}

/** The session that a run config is made for. */
export interface RunContext {
  readonly sessionId: string;
  readonly scheduleId: string;
  readonly scheduleName: string;
  readonly attempt: number;
  /** The nominal instant, and the end of the data interval. */
  readonly slot: Date;
  /** The instant of the trigger before the slot. */
  readonly dataIntervalStart: Date;
  /** Of kinds that name a storage. */
  readonly storage: RunStorage | null;
}

/** One kind of schedule: what its `params` may be, and what a run is given. Pure: it reads no clock and no database. */
export interface Kind<Params extends z.ZodObject = z.ZodObject> {
  readonly kind: number;
  readonly name: string;
  readonly params: Params;
  /** Null for kinds that work on no storage. */
  findStorageId(params: z.output<Params>): string | null;
  /** Whose shape the run config has. */
  readonly runConfigOf: RunConfigOf;
  toRunConfig(params: z.output<Params>, context: RunContext): Record<string, unknown>;
  /** Labels for the engine's own lists. */
  toTags(params: z.output<Params>): Record<string, string>;
}
/**
 * Whose shape a run config has: the job's own, which its engine takes as it is; or the session's, in EOM's words, which an
 * engine hands to the job in a place of its own.
 */

export type RunConfigOf = "job" | "session";
