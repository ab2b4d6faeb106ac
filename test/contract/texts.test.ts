import fc from "fast-check";
import { test as base, describe, expect } from "vitest";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { patience } from "../support/time-limits.ts";

/** Texts that drivers, decoders, SQL and URLs are known to change. */
const odd = fc.constantFrom(
  "\ufeffx",
  "x\ufeff",
  "\ufeff",
  "\u0000",
  "\ud800",
  "\udc00\ud800",
  ".",
  "..",
  "%2e",
  "a/b",
  "a\\b",
  "{}",
  '"',
  "'",
  "NULL",
  "null",
  "a,b",
  "é",
  "e\u0301",
  "ﬀ",
  "İ",
  "😀",
  "\u2028",
  "\u200b",
  "%",
  "_",
  "%00",
  "?x=1#y",
  "+",
  " ",
  "a b",
  "\t",
  "\n",
  "\u007f",
  "$1",
  ":name",
  "\\x41",
  "infinity",
  "-0",
  "2026-01-01",
  "__proto__",
  "constructor",
  "toString",
);
const anyText = fc.oneof(
  odd,
  fc.tuple(odd, odd).map(([left, right]) => left + right),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
);

for (const kind of databaseKinds) {
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
  const test = base.extend("app", { scope: "file" }, async ({}, file) => {
    const app = await createTestApp(kind);
    file.onCleanup(() => app.close());
    return app;
  });
  let number = 0;
  const createQuota = async (app: TestApp, fields: object) => {
    number += 1;
    const body = { name: `quota ${number}`, type: "MaxSize", value: { max_size: null }, ...fields };
    return app.request("POST", "/eom/admin/quotas", body);
  };

  describe(`a text on ${kind}`, () => {
    test("comes back as it was sent, or is refused where it stands", patience, async ({ app }) => {
      await fc.assert(
        fc.asyncProperty(anyText, async (text) => {
          const { status, body } = await createQuota(app, { description: text, labels: { text } });
          if (status === 400) {
            for (const { path } of body.details.issues) expect(["/description", "/labels/text"]).toContain(path);
            return;
          }
          expect(status).toBe(201);
          const read = (await app.request("GET", `/eom/admin/quotas/${body.id}`)).body;
          for (const shown of [body, read]) expect(shown).toMatchObject({ description: text, labels: { text } });
          const matching = await app.request(
            "GET",
            `/eom/admin/quotas?label=${encodeURIComponent(`text:${text}`)}&asc=false&sortby=created`,
          );
          expect(matching.body.data.map(({ id }: { id: string }) => id)).toContain(body.id);
        }),
        { numRuns: 150, examples: [["\ufeffx"], ["\ufeff"]] },
      );
    });

    test(
      "that is a user's id comes back in bodies, lists, cursors and URLs, or is refused",
      patience,
      async ({ app }) => {
        const { id } = (await createQuota(app, {})).body;
        await fc.assert(
          fc.asyncProperty(fc.uniqueArray(anyText, { minLength: 1, maxLength: 4 }), async (texts) => {
            const accepted: string[] = [];
            for (const text of texts) {
              const assign = { user_ids: [text], atomic: false };
              const { status, body } = await app.request("POST", `/eom/admin/quotas/${id}/users`, assign);
              if (status === 400) {
                expect(body.details.issues[0].path).toBe("/user_ids/0");
                continue;
              }
              expect(body.results).toEqual([{ user_id: text, status: 201, error: null }]);
              accepted.push(text);
            }
            const listed: string[] = [];
            for (let path: string | null = "/eom/admin/users?size=1"; path !== null; ) {
              const { body }: { body: { data: { user_id: string }[]; next_cursor: string | null } } = await app.request(
                "GET",
                path,
              );
              listed.push(...body.data.map(({ user_id }) => user_id));
              expect(listed.length).toBeLessThanOrEqual(accepted.length);
              path = body.next_cursor === null ? null : `/eom/admin/users?size=1&cursor=${body.next_cursor}`;
            }
            expect(listed.toSorted()).toEqual(accepted.toSorted());
            for (const text of accepted) {
              const url = `/eom/admin/users/${encodeURIComponent(text)}/quotas/${id}`;
              expect((await app.request("GET", url)).body).toMatchObject({ user_id: text });
              expect((await app.request("DELETE", url)).status).toBe(204);
            }
          }),
          { numRuns: 60, examples: [[["\ufeffx", ".", ".."]]] },
        );
      },
    );
  });
}
