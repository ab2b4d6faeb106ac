import type { LaunchRequest } from "../engine.ts";

export interface LocatedJob {
  readonly location: string;
  readonly repository: string;
  readonly name: string;
}

/** What Dagster calls the repository of a code location that defines no other. */
const defaultRepository = "__repository__";

/** Null without a location: a job's name says nothing without it. */
export function toLocatedJob({ location, repository, name }: LaunchRequest["job"]): LocatedJob | null {
  return location === null ? null : { location, repository: repository ?? defaultRepository, name };
}

export const noLocationMessage = "names no code location: a job of Dagster lies in one";

/** The resource through which a job of kinds that work on a session is told what EOM knows of it. */
export const sessionResource = "eom";

export function toRunConfigData({ runConfig, runConfigOf }: Pick<LaunchRequest, "runConfig" | "runConfigOf">) {
  return runConfigOf === "job" ? runConfig : { resources: { [sessionResource]: { config: runConfig } } };
}
