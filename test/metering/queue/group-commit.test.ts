import { expect, test } from "vitest";
import { createGroupCommit } from "../../../src/metering/queue/group-commit.ts";

interface Asked {
  readonly user: string;
  readonly key: string;
  readonly alone?: boolean;
}

/** A database whose statements wait until the test answers them. */
function createWorld(options: { maxBatch?: number; maxWaiting?: number } = {}) {
  const statements: { requests: readonly Asked[]; answer: (outcomes?: (string | null)[] | Error) => void }[] = [];
  const arrivals: (() => void)[] = [];
  const group = createGroupCommit<Asked, string>({
    lanes: 1,
    maxBatch: options.maxBatch ?? 100,
    maxWaiting: options.maxWaiting ?? 100,
    commit: (requests) => {
      const { promise, resolve, reject } = Promise.withResolvers<(string | null)[]>();
      statements.push({
        requests,
        answer: (outcomes = requests.map(({ key }) => `did ${key}`)) =>
          outcomes instanceof Error ? reject(outcomes) : resolve(outcomes),
      });
      arrivals.shift()?.();
      return promise;
    },
    toUser: ({ user }) => user,
    toKey: ({ key }) => key,
    isAlone: ({ alone }) => alone === true,
  });
  const nextStatement = async () => {
    if (statements.length === 0) await new Promise<void>((arrived) => arrivals.push(arrived));
    const statement = statements.shift();
    if (statement === undefined) throw new Error("no statement came");
    return { ...statement, keys: statement.requests.map(({ key }) => key) };
  };
  return { group, nextStatement };
}

const ask = (key: string, user = "u", alone = false): Asked => ({ key, user, alone });

test("a request at an idle lane is sent at once; requests that arrive meanwhile go together, in order", async () => {
  const { group, nextStatement } = createWorld();
  const answers = ["a", "b", "c"].map((key) => group.submit(ask(key)));
  const first = await nextStatement();
  expect(first.keys).toEqual(["a"]);
  expect(group.countWaiting()).toBe(2);
  first.answer();
  const second = await nextStatement();
  expect(second.keys).toEqual(["b", "c"]);
  second.answer();
  expect(await Promise.all(answers)).toEqual(["did a", "did b", "did c"]);
});

test("undecided requests are first in the next statement", async () => {
  const { group, nextStatement } = createWorld();
  const answers = ["a", "b", "c"].map((key) => group.submit(ask(key)));
  (await nextStatement()).answer();
  (await nextStatement()).answer(["did b first", null]);
  const third = await nextStatement();
  expect(third.keys).toEqual(["c"]);
  third.answer();
  expect(await Promise.all(answers)).toEqual(["did a", "did b first", "did c"]);
});

test("a request that must be alone is its user's only one in a statement, and no request of that user overtakes it", async () => {
  const { group, nextStatement } = createWorld();
  const answers = [ask("first"), ask("a"), ask("alone", "u", true), ask("b"), ask("x", "v")].map(group.submit);
  (await nextStatement()).answer();
  const second = await nextStatement();
  expect(second.keys).toEqual(["a", "x"]);
  second.answer();
  const third = await nextStatement();
  expect(third.keys).toEqual(["alone"]);
  third.answer();
  (await nextStatement()).answer();
  expect(await Promise.all(answers)).toHaveLength(5);
});

test("two requests with the same key never go together", async () => {
  const { group, nextStatement } = createWorld();
  const answers = [ask("first"), ask("same"), ask("same"), ask("other", "v")].map(group.submit);
  (await nextStatement()).answer();
  const second = await nextStatement();
  expect(second.keys).toEqual(["same", "other"]);
  second.answer();
  (await nextStatement()).answer(["replayed"]);
  expect(await Promise.all(answers)).toEqual(["did first", "did same", "replayed", "did other"]);
});

test("a failed statement fails only its own requests", async () => {
  const { group, nextStatement } = createWorld();
  const answers = [group.submit(ask("a")), group.submit(ask("b"))];
  const results = Promise.allSettled(answers);
  (await nextStatement()).answer(new Error("lost"));
  (await nextStatement()).answer();
  expect(await results).toMatchObject([{ status: "rejected" }, { status: "fulfilled", value: "did b" }]);
});

test("statements and queues have a bound; requests beyond that of the queue get RATE_LIMITED", async () => {
  const { group, nextStatement } = createWorld({ maxBatch: 2, maxWaiting: 3 });
  const answers = ["a", "b", "c", "d"].map((key) => group.submit(ask(key)));
  await expect(group.submit(ask("e"))).rejects.toMatchObject({ code: "RATE_LIMITED" });
  (await nextStatement()).answer();
  const second = await nextStatement();
  expect(second.keys).toEqual(["b", "c"]);
  second.answer();
  (await nextStatement()).answer();
  expect(await Promise.all(answers)).toHaveLength(4);
});
