import { expect, test } from "vitest";
import { rememberReadiness } from "../../../src/platform/http/readiness.ts";

function create(answers: (() => Promise<string | null>)[]) {
  let at = 0;
  let asked = 0;
  const find = rememberReadiness(
    () => {
      asked += 1;
      return (answers.length > 1 ? answers.shift() : answers[0])?.() ?? Promise.resolve(null);
    },
    () => at,
  );
  const pass = (milliseconds: number) => {
    at += milliseconds;
  };
  return { find, pass, count: () => asked };
}

test("readiness is checked once a second, however many ask", async () => {
  const { find, pass, count } = create([async () => null, async () => "The database lacks 0002"]);
  for (let request = 0; request < 100; request += 1) expect(await find()).toBeNull();
  expect(count()).toBe(1);
  pass(1000);
  expect(await find()).toBe("The database lacks 0002");
  expect(count()).toBe(2);
});

test("callers that ask during a check wait for it, however long it takes", async () => {
  const held = Promise.withResolvers<string | null>();
  const { find, pass, count } = create([() => held.promise]);
  const first = find();
  pass(60_000);
  const second = find();
  held.resolve(null);
  expect(await Promise.all([first, second])).toEqual([null, null]);
  expect(count()).toBe(1);
});

test("a check that fails is reported, and made again after a second", async () => {
  const { find, pass, count } = create([() => Promise.reject(new Error("no database")), async () => null]);
  await expect(find()).rejects.toThrow("no database");
  await expect(find()).rejects.toThrow("no database");
  pass(1000);
  expect(await find()).toBeNull();
  expect(count()).toBe(2);
});
