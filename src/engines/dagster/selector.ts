import type { LaunchRequest } from "../engine.ts";

/** A job with its place in Dagster's workspace. */
export interface LocatedJob {
  readonly location: string;
  readonly repository: string;
  readonly name: string;
}

/** Dagster's name for the repository of a code location that defines none. */
const defaultRepository = "__repository__";

/** Completes the name of a job. Null without a location, since names of jobs are unique within one only. */
export function toLocatedJob({ location, repository, name }: LaunchRequest["job"]): LocatedJob | null {
  return location === null ? null : { location, repository: repository ?? defaultRepository, name };
}

/** The predicate for a job without a location. */
export const noLocationMessage = "names no code location, and every job of Dagster is in one: set job.location";

/** The resource of a job that gets the data of the session, for kinds whose run config is EOM's own. */
export const sessionResource = "eom";

/** The run config in Dagster's form: the job's own as it is, EOM's as the config of the resource `eom`. */
export function toRunConfigData({ runConfig, runConfigOf }: Pick<LaunchRequest, "runConfig" | "runConfigOf">) {
  return runConfigOf === "job" ? runConfig : { resources: { [sessionResource]: { config: runConfig } } };
}
