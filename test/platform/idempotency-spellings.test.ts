import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { test as base, describe, expect } from "vitest";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp } from "../support/http/app.ts";
import { patience } from "../support/time-limits.ts";

/** Characters that may stand in a path as they are (RFC 3986, 3.3). */
const bare = /[A-Za-z0-9._~!$&'()*+,;=:@-]/;

function toPercentEncoded(character: string, isUpper: boolean): string {
  const hex = [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return isUpper ? hex.toUpperCase() : hex;
}

/** Spellings of a path with these segments. A character must be encoded unless it is bare, and may be encoded always. */
function spellingsOf(segments: readonly string[]): fc.Arbitrary<string> {
  const ofCharacter = (character: string) => {
    const encoded = [toPercentEncoded(character, true), toPercentEncoded(character, false)];
    return fc.constantFrom(...(bare.test(character) ? [character, ...encoded] : encoded));
  };
  const ofSegment = (segment: string) => fc.tuple(...[...segment].map(ofCharacter)).map((parts) => parts.join(""));
  return fc.tuple(...segments.map(ofSegment)).map((parts) => `/${parts.join("/")}`);
}

/** The text in any mixture of cases. */
function casesOf(text: string): fc.Arbitrary<string> {
  const characters = [...text].map((character) => fc.constantFrom(character, character.toUpperCase()));
  return fc.tuple(...characters).map((parts) => parts.join(""));
}

/** JSON texts of the value, with the members of every object in any order. */
function ordersOf(value: unknown): fc.Arbitrary<string> {
  if (Array.isArray(value)) return fc.tuple(...value.map(ordersOf)).map((items) => `[${items.join()}]`);
  if (value === null || typeof value !== "object") return fc.constant(JSON.stringify(value));
  const members = Object.entries(value).map(([name, member]) =>
    ordersOf(member).map((text) => `${JSON.stringify(name)}: ${text}`),
  );
  return fc
    .tuple(...members)
    .chain((texts) => fc.shuffledSubarray(texts, { minLength: texts.length }))
    .map((texts) => `{ ${texts.join(", ")} }`);
}

const userId = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((text) => !/[\p{Cc}\p{Cs}]|^\ufeff|^\.{1,2}$/u.test(text));

for (const kind of databaseKinds) {
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
  const test = base.extend("app", { scope: "file" }, async ({}, file) => {
    const app = await createTestApp(kind);
    file.onCleanup(() => app.close());
    return app;
  });
  const quota = { name: "orders", type: "MaxOrderTimes", value: { max_order_times: 1000 } };

  describe(`a request with an Idempotency-Key on ${kind}`, () => {
    test("is the same in every spelling of its path", patience, async ({ app }) => {
      const { id: quotaId } = (await app.request("POST", "/eom/admin/quotas", quota)).body;
      const spelled = userId.chain((user) => {
        const toPaths = (last: readonly string[]) =>
          fc.tuple(spellingsOf(last), spellingsOf(last), fc.constant(encodeURIComponent(user)));
        const assign = casesOf(quotaId).chain((id) => spellingsOf(["eom", "admin", "users", user, "quotas", id]));
        return fc.tuple(assign, assign, toPaths(["eom", "admin", "users", user, "usage", "consume"]));
      });
      await fc.assert(
        fc.asyncProperty(spelled, async ([assign, assignAgain, [consume, consumeAgain, user]]) => {
          const send = (path: string, key: string, body?: object) =>
            app.request("POST", path, body, { headers: { "idempotency-key": key } });
          const [assignKey, consumeKey] = [randomUUID(), randomUUID()];
          const assigned = await send(assign, assignKey);
          expect(assigned.status, JSON.stringify(assigned.body)).toBe(201);
          const again = await send(assignAgain, assignKey);
          expect(again).toMatchObject({ status: 201, body: assigned.body });
          expect(again.headers.get("idempotency-replayed")).toBe("true");
          const amounts = { MaxOrderTimes: 1 };
          const counted = await send(consume, consumeKey, { amounts });
          expect(counted.status, JSON.stringify(counted.body)).toBe(200);
          const countedAgain = await send(consumeAgain, consumeKey, { amounts });
          expect(countedAgain.headers.get("idempotency-replayed")).toBe("true");
          const usage = await app.request("GET", `/eom/admin/users/${user}/usage`);
          expect(usage.body.usage.MaxOrderTimes.used).toBe(1);
          expect((await app.request("DELETE", assign)).status).toBe(204);
        }),
        { numRuns: 40 },
      );
    });

    test("is the same in every order of the members of its objects", patience, async ({ app }) => {
      const labels = { team: "eu", a: "1", "2": "b", "10": "c" };
      await fc.assert(
        fc.asyncProperty(
          fc.array(ordersOf({ ...quota, name: "%", labels }), { minLength: 3, maxLength: 3 }),
          async (texts) => {
            const key = randomUUID();
            const answers = [];
            for (const text of texts) {
              const response = await app.fetch("/eom/admin/quotas", {
                method: "POST",
                headers: {
                  authorization: `Bearer ${app.tokens.admin}`,
                  "content-type": "application/json",
                  "idempotency-key": key,
                },
                body: text.replace("%", key),
              });
              answers.push({ status: response.status, body: await response.json() });
            }
            expect(answers[0]?.status, JSON.stringify(answers[0]?.body)).toBe(201);
            for (const answer of answers) expect(answer).toEqual(answers[0]);
          },
        ),
        { numRuns: 20 },
      );
    });
  });
}
