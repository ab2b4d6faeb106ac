import { describe, expect, it } from "vitest";
import {
  type Cost,
  type Costs,
  fitBatches,
  nothing,
  predict,
  toConnections,
  toCores,
  toRate,
  toRequestsAStatement,
  toSessionBatches,
  works,
} from "../../bench/capacity-model.ts";

function toCost(figure: number): Cost {
  return { postgresMicroseconds: figure, nodeMicroseconds: 2 * figure, walBytes: 3 * figure, keptBytes: 4 * figure };
}

const free = Object.fromEntries(works.map((work) => [work, nothing])) as Costs;

describe("the model of capacity", () => {
  it("adds up rate times cost, each figure by itself", () => {
    const costs = { ...free, idleApi: toCost(1000), get: toCost(100) };
    expect(predict(costs, { idleApi: 2, get: 30 })).toEqual(toCost(5000));
  });

  it("costs nothing when nothing is offered", () => {
    expect(predict({ ...free, get: toCost(100) }, {})).toEqual(nothing);
  });

  it("finds the costs of batch and unit that two samples were made of", () => {
    const spend = (batches: number, units: number) => ({
      batches,
      units,
      spent: { ...toCost(700 * batches + 90 * units), keptBytes: 50 * units },
    });
    const { batch, unit } = fitBatches(spend(8, 160), spend(20, 10_000));
    expect(batch.postgresMicroseconds).toBeCloseTo(700);
    expect(unit.postgresMicroseconds).toBeCloseTo(90);
    expect(batch.walBytes).toBeCloseTo(2100);
    expect(unit.walBytes).toBeCloseTo(270);
    expect([batch.keptBytes, unit.keptBytes]).toEqual([0, 50]);
  });

  it("takes no cost to be below nothing", () => {
    const { batch, unit } = fitBatches(
      { batches: 10, units: 10, spent: toCost(100) },
      { batches: 10, units: 100, spent: toCost(2000) },
    );
    expect(batch.postgresMicroseconds).toBe(0);
    expect(unit.postgresMicroseconds).toBeCloseTo(1900 / 90);
  });

  it("has each order go alone when they seldom come, and more together the more come", () => {
    const time = { seconds: 0.001, secondsEach: 0.00005 };
    expect(toRequestsAStatement(1, 2, time)).toBeCloseTo(1, 3);
    const together = [500, 2_000, 10_000, 30_000].map((rate) => toRequestsAStatement(rate, 2, time));
    expect(together).toEqual(together.toSorted((a, b) => a - b));
    expect(toRequestsAStatement(1_000_000, 2, time)).toBe(256);
  });

  it("has a pick a second while any sessions come, and one for every 500", () => {
    expect([0, 0.01, 11, 500, 2_000].map(toSessionBatches)).toEqual([0, 1, 1, 1, 4]);
  });

  it("counts a pool for each process and ten connections more", () => {
    expect(toConnections(6, 10)).toBe(70);
  });

  it("fills cores to seven tenths", () => {
    expect(toCores(1_400_000)).toBeCloseTo(2);
    expect(toRate(2, 100)).toBeCloseTo(14_000);
  });
});
