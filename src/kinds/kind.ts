import type { z } from "zod";
import type { S3Location } from "../storages/s3/location.ts";

/** The storage of a run. It has no secret, only the reference under which the secret store keeps it. */
export interface RunStorage {
  readonly id: string;
  readonly name: string;
  readonly location: S3Location;
  /** null for a storage without a credential: its requests are not signed. */
  readonly credentialRef: string | null;
}

/** The session that a run config is made for. */
export interface RunContext {
  readonly sessionId: string;
  readonly scheduleId: string;
  readonly scheduleName: string;
  readonly attempt: number;
  /** The nominal instant; the data interval ends here. */
  readonly slot: Date;
  /** The trigger's instant before the slot; the data interval begins here. */
  readonly dataIntervalStart: Date;
  /** Null for kinds without a storage. */
  readonly storage: RunStorage | null;
}

/**
 * One kind of schedule: the schema of its `params`, and the run config that a session makes of them. Every function is pure: the
 * same session gives the same result at each attempt.
 */
export interface Kind<Params extends z.ZodObject = z.ZodObject> {
  /** In the API and in the database. It never changes. */
  readonly kind: number;
  /** For people, in error messages. */
  readonly name: string;
  /** Checked when a schedule is saved, and again before each launch. */
  readonly params: Params;
  /** The storage that the sessions work on; null for kinds without one. */
  findStorageId(params: z.output<Params>): string | null;
  readonly runConfigOf: RunConfigOf;
  /** Saved with the session and returned by the API, so it must hold no secret. */
  toRunConfig(params: z.output<Params>, context: RunContext): Record<string, unknown>;
  /** Tags of the run in the engine's own lists. */
  toTags(params: z.output<Params>): Record<string, string>;
}

/**
 * Whose format a run config has.
 *
 * - `job`: the job's own; the engine passes it on unchanged.
 * - `session`: EOM's; the engine gives it to the job in its own way (local: on standard input, Dagster: as the resource `eom`).
 */
export type RunConfigOf = "job" | "session";
