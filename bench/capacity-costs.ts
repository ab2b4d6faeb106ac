import type { AdmissionCosts } from "./capacity-api-costs.ts";
import { measureApiCosts } from "./capacity-api-costs.ts";
import type { Cost, Costs } from "./capacity-model.ts";
import type { Api, Site, Worker } from "./capacity-site.ts";
import { measureWorkerCosts } from "./capacity-worker-costs.ts";

export interface CostSettings {
  readonly idleSeconds: number;
  readonly loadSeconds: number;
  readonly sessions: number;
  readonly trickleSeconds: number;
  /** Users that order in turn, for the costs of an admission. */
  readonly users: number;
}

/** What all measurements have. */
export interface CostBench {
  readonly site: Site;
  readonly api: Api;
  /** Without loops. */
  readonly hand: Worker;
  /** Of a second. */
  readonly idlePostgres: Cost;
  readonly settings: CostSettings;
}

/** The costs, and what stands beside them in the report. */
export interface MeasuredCosts extends AdmissionCosts {
  readonly costs: Costs;
  /** Bytes, by table. */
  readonly keptBySession: ReadonlyMap<string, number>;
}

/** Measures each kind of work by itself; what runs idle meanwhile is taken off. */
export async function measureCosts(bench: CostBench): Promise<MeasuredCosts> {
  const worker = await measureWorkerCosts(bench);
  const { costs, ...admissions } = await measureApiCosts(bench);
  const { idlePostgres } = bench;
  return { ...admissions, costs: { idlePostgres, ...worker.costs, ...costs }, keptBySession: worker.keptBySession };
}
