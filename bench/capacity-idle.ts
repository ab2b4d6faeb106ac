import { setTimeout as delay } from "node:timers/promises";
import type { Meter, ReadCpu, Spent } from "./capacity-meter.ts";
import { addCost, type Cost, mapCost } from "./capacity-model.ts";

/** What a second costs in which these processes, and PostgreSQL, have nothing to do. */
export async function measureIdle(meter: Meter, processes: readonly ReadCpu[], seconds: number): Promise<Cost> {
  const spent = await meter.spend(processes, () => delay(seconds * 1000));
  return divideCost({ ...spent.cost, keptBytes: 0 }, spent.seconds);
}

export function divideCost(cost: Cost, by: number): Cost {
  return mapCost(cost, (figure) => figure / by);
}

/** Without what ran idle meanwhile, each so much a second. */
export function beyondIdle(spent: Spent, idle: readonly Cost[]): Cost {
  return idle.reduce((cost, one) => addCost(cost, one, -spent.seconds), spent.cost);
}

/** By table, of two measurements one after the other. */
export function divideTables(first: Spent, second: Spent, units: number): ReadonlyMap<string, number> {
  const names = new Set([...first.tables.keys(), ...second.tables.keys()]);
  const sum = (name: string) => (first.tables.get(name) ?? 0) + (second.tables.get(name) ?? 0);
  return new Map([...names].map((name) => [name, sum(name) / units]));
}
